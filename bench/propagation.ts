// How long it takes from a change at the hub until a connected agent holds it as its target: the
// site's spec is written through the API, the controller renders and signs a new one, the gateway
// pushes it, the agent verifies and stores it. Whole path, real processes, one site.
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { siteKind } from '@skerry/api/kinds/site'
import { DemoRun } from '../e2e/demo-run.ts'
import { percentiles, writeResults } from './lib-results.ts'

const changes = 300
const pauseMs = 100
const arrivesWithinMs = 10_000

export async function run(): Promise<void> {
  await using demo = await DemoRun.start(1)
  const state = await demo.state()
  const socketPath = join(demo.data, 'sites', 'depot-1', 'agent.sock')
  const latenciesMs: number[] = []
  for (let change = 0; change < changes; change += 1) {
    const before = await targetRevision(socketPath)
    const site = (await state.get(siteKind, { namespace: 'default', name: 'depot-1' }))!
    const startedMs = performance.now()
    await state.update(siteKind, {
      ...site,
      spec: { ...site.spec, telemetry: { intervalSeconds: 3 - (change % 2) } },
    })
    while ((await targetRevision(socketPath)) === before) {
      if (performance.now() - startedMs > arrivesWithinMs)
        throw new Error(`change ${change} never arrived`)
      await sleep(2)
    }
    latenciesMs.push(performance.now() - startedMs)
    await sleep(pauseMs)
  }
  const result = { unit: 'ms', promise: 'p99 < 250', ...percentiles(latenciesMs) }
  console.table([result])
  writeResults('propagation', result)
}

function targetRevision(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/v1/status' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const status = JSON.parse(Buffer.concat(chunks).toString()) as {
          target?: { revision: number }
        }
        resolve(status.target?.revision)
      })
    })
      .on('error', reject)
      .end()
  })
}

if (import.meta.main) await run()
