import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { type FakeHost, createFakeHost } from '../testing/fake-host.ts'
import { bootFakeMachine, createFakeOsDisk } from '../testing/fake-image-machine.ts'
import type { LocalStatus } from '../tasks/local-api.ts'
import { createNodeLog } from './node-log.ts'
import { type NodeSettings, configOfSettings } from './node-settings.ts'
import { type NodeParts, runNode } from './run-node.ts'

const stops: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of stops) await stop()
})

const options = { data: '/data', modelServer: ['serve'], heartbeatMs: 60_000 }
const token = `first.${'s'.repeat(20)}.${'a'.repeat(64)}`

async function start(
  given: Partial<NodeParts> = {},
  first: Partial<NodeSettings> = {},
  prepare: (host: FakeHost) => void = () => {},
) {
  const host = createFakeHost()
  prepare(host)
  const machine = {
    settings: { services: [], checks: [], ...first } as NodeSettings,
    stages: [] as string[],
    said: [] as string[],
    feeds: 0,
  }
  const stopping = new AbortController()
  const parts: NodeParts = {
    settings: async () => machine.settings,
    runStages: async (names) => void machine.stages.push(...names),
    openMachine: async () => bootFakeMachine(createFakeOsDisk('v1'), host.clock),
    watchdog: {
      open: async () => ({ feed: async () => void (machine.feeds += 1) }),
      probes: { disk: async () => undefined, init: async () => undefined },
    },
    say: (line) => void machine.said.push(line),
    ...given,
  }
  const ended = runNode(host, options, parts, stopping.signal)
  stops.push(async () => {
    stopping.abort(new Error('stop'))
    await host.advance(70_000)
    await ended
  })
  await host.advance(1000)
  const status = async () => {
    const request = { method: 'GET', path: '/v1/status', body: Buffer.from('') }
    return (await host.local.handler!(request)).body as LocalStatus
  }
  return { host, machine, status }
}

it('runs its stages, says what runs, and without a hub waits for one to be configured', async () => {
  const { host, machine, status } = await start()
  assert.deepEqual(machine.stages, ['boot', 'network'])
  assert.match(machine.said[0] ?? '', /^image v1 \(763100000000\) runs from slot-a, kept$/)
  assert.match((await status()).connection.message ?? '', /put skerry\.hub and skerry\.token into/)
  assert.equal((await status()).os?.version, 'v1')
  await host.advance(300_000)
  assert.deepEqual(machine.stages.slice(2), ['reconcile'])
  assert.ok(machine.feeds >= 27, `${machine.feeds} feeds`)
  machine.settings = { ...machine.settings, hub: 'https://hub:1', token }
  await host.advance(40_000)
  assert.ok(machine.said.includes('the configuration changed: the agent starts anew'))
  // Making a real key takes real time.
  for (let tries = 0; tries < 100; tries += 1) {
    await host.advance(100)
    if (/a person must approve/.test((await status()).connection.message ?? '')) return
  }
  assert.fail((await status()).connection.message)
})

it('starts beside stages that do not end, and feeds the watchdog meanwhile', async () => {
  const { host, machine } = await start({ runStages: () => new Promise(() => {}) })
  await host.advance(60_000)
  assert.equal(host.local.handler, undefined)
  assert.ok(machine.feeds >= 4)
  await host.advance(61_000)
  assert.notEqual(host.local.handler, undefined)
})

it('serves its site when nobody can tell what it runs from, and when configuration is broken', async () => {
  const { host, machine, status } = await start({
    openMachine: () => Promise.reject(new Error('the ESP is gone')),
    settings: () => Promise.reject(new Error('skerry.yaml:3:1 is not YAML')),
    runStages: () => Promise.reject(new Error('a bug')),
  })
  await host.advance(60_000)
  assert.equal((await status()).os, undefined)
  assert.ok(machine.said.some((line) => /the ESP is gone/.test(line)))
  assert.ok(machine.said.some((line) => /skerry\.yaml:3:1/.test(line)))
  assert.ok(machine.feeds >= 4)
})

it('is reset by the watchdog if its agent never comes to its loop', async () => {
  const { host, machine } = await start({}, {}, (fake) => {
    fake.network.lockDirectory = async () => undefined
  })
  await host.advance(400_000)
  assert.ok(machine.said.some((line) => /Another agent uses \/data/.test(line)))
  const before = machine.feeds
  await host.advance(200_000)
  assert.equal(machine.feeds, before)
})

it('a token that is none is said, and the machine runs', () => {
  const settings = { services: [], checks: [], hub: 'https://hub', token: 'nonsense' }
  const { config, problem } = configOfSettings(settings, options)
  assert.match(problem ?? '', /^skerry\.token: .*NAME\.SECRET\.DIGEST/)
  assert.equal(config.join, undefined)
  assert.equal(configOfSettings({ ...settings, token }, options).config.join?.name, 'first')
})

it('the console shows news, warnings and errors in words, once in a row', () => {
  const kept: string[] = []
  const said: string[] = []
  const log = createNodeLog({
    clock: createSteppedClock(0),
    keep: (line) => kept.push(line),
    say: (line) => said.push(line),
  })
  log.debug('Nobody cares')
  log.info('Step: fetch-blob')
  log.info('Enrolled', { site: 'depots/one' })
  log.warn('Not connected', { reason: 'Unreachable: nobody answers' })
  log.warn('Not connected', { reason: 'Unreachable: nobody answers' })
  log.error('Task seek broke', { error: 'TypeError: x\n    at y' })
  log.info('What happened to an image', { version: '2.0.0', result: 'FellBack', message: 'z' })
  assert.equal(kept.length, 7)
  assert.deepEqual(said, [
    'Enrolled: depots/one',
    'Not connected: Unreachable: nobody answers',
    'Task seek broke: TypeError: x',
    'What happened to an image: 2.0.0 FellBack: z',
  ])
})
