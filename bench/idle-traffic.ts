// What an idle site costs on its link: a model and a workload run, nobody asks the model anything, and
// telemetry and heartbeats keep their defaults. The agent reaches the hub through a proxy of the bench
// that counts every byte of the TLS connection, both ways; what the proxy itself is told is not counted.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { profileKind } from '@skerry/api/kinds/profile'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { DemoRun } from '../e2e/demo-run.ts'
import { ExtraAgent, buildAgent, untilGreen } from '../e2e/extra-agent.ts'
import { CountingProxy } from './lib-counting-proxy.ts'
import { writeResults } from './lib-results.ts'

const site = 'idle-1'
const windowMs = Number(process.env['SKERRY_BENCH_WINDOW_MS'] ?? 600_000)
/** By then a connection has been made, the spec was asked for and the status was told. */
const setUpMs = 20_000
const hourMs = 3_600_000
const promiseBytesPerHour = 110_000
/** IPv4, TCP and its time stamps. */
const segmentHeaderBytes = 52

export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const demo = stack.use(await DemoRun.start(1))
  await createIdleSite(await demo.state())
  const proxy = stack.use(await CountingProxy.start())
  const through = `http://127.0.0.1:${proxy.port}`
  stack.use(await ExtraAgent.start(demo, { site, agent: buildAgent(), proxy: through }))
  await untilGreen(demo, [site])

  // A connection of its own, from its first byte.
  const made = proxy.tunnelsSeen
  proxy.drop()
  while (proxy.tunnelsSeen === made) await sleep(100)
  await sleep(setUpMs)
  const setUp = proxy.newest()

  const startedMs = performance.now()
  const segmentsBefore = segmentsTo(proxy.port)
  await sleep(windowMs)
  const total = proxy.newest()
  const elapsedMs = performance.now() - startedMs
  const segments = segmentsTo(proxy.port) - segmentsBefore
  if (proxy.tunnelsSeen !== made + 1) throw new Error('the connection was lost: measure again')

  const idle = { up: total.up - setUp.up, down: total.down - setUp.down }
  const perHour = (bytes: number) => Math.round((bytes * hourMs) / elapsedMs)
  const result = {
    unit: 'bytes per hour',
    promise: `<= ${promiseBytesPerHour}`,
    perHour: perHour(idle.up + idle.down),
    up: perHour(idle.up),
    down: perHour(idle.down),
    kilobitsPerSecond: Math.round(((idle.up + idle.down) * 8) / elapsedMs / 0.001) / 1000,
    // Not in the promise, and paid for all the same.
    withTcpAndIpHeaders: perHour(idle.up + idle.down + segments * segmentHeaderBytes),
    overSeconds: Math.round(elapsedMs / 1000),
    connectionSetUp: { ...setUp, total: setUp.up + setUp.down, overSeconds: setUpMs / 1000 },
  }
  console.table([{ ...result, connectionSetUp: result.connectionSetUp.total }])
  writeResults('idle-traffic', result)
}

/** TCP segments, empty ones too, that agents sent and received on connections to this port. */
function segmentsTo(port: number): number {
  const text = execFileSync('ss', ['-tinH', 'dst', `127.0.0.1:${port}`], { encoding: 'utf8' })
  const counts = [...text.matchAll(/segs_(?:out|in):(\d+)/g)].map(([, count]) => Number(count))
  return counts.reduce((total, count) => total + count, 0)
}

/** A site with the same model as the demo and a workload that leaves it alone. */
async function createIdleSite(state: State): Promise<void> {
  const labels = { purpose: 'idle' }
  await state.create(profileKind, {
    metadata: { name: 'idle', namespace: 'default' },
    spec: {
      layers: [
        { name: 'digits', type: 'model', model: { name: 'digits' } },
        { name: 'sleeper', type: 'workload', workload: { command: ['sleep', '86400'] } },
      ],
    },
  })
  await state.create(fleetKind, {
    metadata: { name: 'idle', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, profile: 'idle', rollout: { soakSeconds: 0 } },
  })
  await state.create(siteKind, { metadata: { name: site, namespace: 'default', labels }, spec: {} })
}

if (import.meta.main) await run()
