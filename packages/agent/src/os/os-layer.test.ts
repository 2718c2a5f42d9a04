import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { SiteLayer } from '@skerry/api/site-spec'
import { createFakeHost } from '../testing/fake-host.ts'
import {
  type FakeImageMachine,
  type FakeOsDisk,
  bootFakeMachine,
  createFakeOsDisk,
  fakeImage,
} from '../testing/fake-image-machine.ts'
import {
  type RunningAgent,
  bytesOf,
  camera,
  digestOf,
  lastChild,
  model,
  ready,
  sign,
  spec,
  startAgent,
} from '../testing/fake-site.ts'
import { createSimulatedDisk, type SimulatedDisk } from '../testing/simulated-disk.ts'

const stops: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of stops) await stop()
})

const fileOf = (bytes: Uint8Array) => ({ digest: digestOf(bytes), sizeBytes: bytes.length })
const root = (version: string) => Buffer.from(`root of ${version}`)
function envelopeBytes(version: string): Buffer {
  const described = { ...fakeImage(version), root: fileOf(root(version)) }
  const payload = Buffer.from(JSON.stringify(described)).toString('base64')
  return Buffer.from(JSON.stringify({ payloadType: 'x', payload, signatures: [] }))
}
type Os = NonNullable<SiteLayer['os']>

function base(version: string, more: Partial<Os> & { attempt?: number } = {}): SiteLayer {
  const { attempt = 0, ...policy } = more
  const { imageId, digest } = fakeImage(version)
  const health = { deadlineSeconds: 60, services: [], commands: [] }
  const image = { image: 'depot', version, imageId, repository: 'os/depots/depot' }
  const envelope = fileOf(envelopeBytes(version))
  const files = { envelope, root: fileOf(root(version)), kernel: fileOf(Buffer.from('kernel')) }
  return {
    name: 'base',
    type: 'os',
    digest,
    attempt,
    os: { ...image, ...files, health, ...policy },
  }
}

type Started = RunningAgent & { readonly machine: FakeImageMachine }

/** Starts the machine and its agent, with whatever is on its disks. */
async function boot(
  osDisk: FakeOsDisk = createFakeOsDisk('v1'),
  disk: SimulatedDisk = createSimulatedDisk(),
  options: { isHubUp?: boolean; newest?: RunningAgent } = {},
): Promise<Started> {
  const host = createFakeHost(disk, { image: (clock) => bootFakeMachine(osDisk, clock) })
  host.hub.isUp = options.isHubUp ?? true
  host.hub.newest = options.newest?.host.hub.newest
  for (const version of ['v1', 'v2', 'v3', 'v4']) {
    host.hub.blobs.set(digestOf(root(version)), root(version))
    host.hub.blobs.set(digestOf(envelopeBytes(version)), envelopeBytes(version))
  }
  const agent = await startAgent(host)
  stops.push(agent.stop)
  return { ...agent, machine: host.image! }
}

const reboot = (before: Started, options: { isHubUp?: boolean } = {}) =>
  boot(before.machine.onDisk, before.host.disk.afterPowerCut(3), { ...options, newest: before })

/** From a machine that runs v1 to one that has just started v2. */
async function upgraded(layers: SiteLayer[] = [base('v2')]): Promise<Started> {
  const first = await boot()
  first.host.hub.push(sign(spec(1, layers)))
  await first.host.advance(2000)
  assert.ok(first.machine.isDown, first.machine.acts.join(', '))
  return reboot(first)
}

const osOf = async (agent: Started) => (await agent.status()).os!
const layerOf = async (agent: Started) =>
  (await agent.status()).layers.find((layer) => layer.type === 'os')!

describe('a good image', () => {
  it('is fetched, switched to, restarted into, judged and kept, and each is reported', async () => {
    const first = await boot()
    first.host.hub.push(sign(spec(1, [base('v2')])))
    await first.host.advance(2000)
    assert.deepEqual(first.machine.acts, [
      'install 7632 from the hub',
      'switch 7632 true',
      'restart',
    ])
    assert.equal(first.host.hub.reports.at(-1)?.os?.phase, 'Rebooting')
    const agent = await reboot(first)
    await agent.host.advance(1000)
    assert.equal((await osOf(agent)).phase, 'OnTrial')
    assert.equal((await layerOf(agent)).state, 'Starting')
    await agent.host.advance(20_000)
    assert.deepEqual(agent.machine.acts, [], 'it must be well for a while')
    await agent.host.advance(20_000)
    assert.deepEqual(agent.machine.acts, ['bless 7632'])
    const report = agent.host.hub.reports.at(-1)!
    assert.deepEqual(
      [report.os?.phase, report.os?.version, report.os?.outcomes[0]?.result, report.isSettled],
      ['Idle', 'v2', 'Succeeded', true],
    )
    assert.deepEqual(report.applied, { epoch: 1, revision: 1 })
    assert.equal(report.layers[0]?.digest, fakeImage('v2').digest)
    assert.equal(report.health, 'Healthy')
    await agent.host.advance(600_000)
    assert.deepEqual(agent.machine.acts, ['bless 7632'], 'nothing is left to do')
    assert.deepEqual(
      [...first.machine.said, ...agent.machine.said],
      [
        'image v2 is brought into a slot',
        'image v2 is complete',
        'image 763200000000 is the next to start (the hub answers)',
        'the machine restarts into another image',
        'on trial: it is well, and is kept once it has been for 30 s',
        'image v2 is well and is kept',
      ],
    )
  })

  it('waits until the models that served before serve again', async () => {
    const before = await boot()
    before.host.hub.push(sign(spec(1, [model('v1')])))
    await before.host.advance(200)
    lastChild(before.host).say(ready)
    await before.host.advance(200)
    before.host.hub.push(sign(spec(2, [base('v2'), model('v1')])))
    await before.host.advance(2000)
    assert.ok(before.machine.isDown)
    const agent = await reboot(before)
    await agent.host.advance(40_000)
    assert.match((await osOf(agent)).message ?? '', /model digits, which served before, does not/)
    lastChild(agent.host).say(ready)
    agent.machine.ailing.set('model 40000', 'status 503')
    await agent.host.advance(6000)
    assert.match((await osOf(agent)).message ?? '', /model digits does not answer: status 503/)
    agent.machine.ailing.clear()
    await agent.host.advance(40_000)
    assert.deepEqual(agent.machine.acts, ['bless 7632'])
  })

  it('goes back to an older one by the same steps', async () => {
    const agent = await upgraded()
    await agent.host.advance(40_000)
    agent.host.hub.push(sign(spec(2, [base('v1')])))
    await agent.host.advance(2000)
    assert.deepEqual(agent.machine.acts, ['bless 7632', 'switch 7631 true', 'restart'])
    const back = await reboot(agent)
    await back.host.advance(40_000)
    assert.deepEqual([back.machine.acts, (await osOf(back)).version], [['bless 7631'], 'v1'])
    assert.deepEqual((await back.status()).failures, [])
  })

  it('that was well and then is not stays, and says so', async () => {
    const health = { deadlineSeconds: 60, services: ['pump'], commands: [] }
    const agent = await upgraded([base('v2', { health })])
    await agent.host.advance(40_000)
    agent.machine.ailing.set('service pump', 'service pump is failed')
    await agent.host.advance(70_000)
    assert.deepEqual(agent.machine.acts, ['bless 7632'])
    const status = await agent.status()
    assert.deepEqual(
      [status.health, status.healthMessage, status.os?.message],
      ['Degraded', 'base: service pump is failed', 'service pump is failed'],
    )
  })
})

describe('an image that is not well', () => {
  it('is given up at its deadline with what is wrong, and not tried again', async () => {
    const health = { deadlineSeconds: 60, services: ['pump'], commands: [] }
    const agent = await upgraded([base('v2', { health })])
    agent.machine.ailing.set('service pump', 'service pump is failed')
    await agent.host.advance(59_000)
    assert.deepEqual(agent.machine.acts, [])
    await agent.host.advance(10_000)
    assert.deepEqual(agent.machine.acts, ['condemn 7632'])
    assert.match(
      agent.host.hub.reports.at(-1)?.os?.message ?? '',
      /not healthy within 60 s: .*pump/,
    )
    const old = await reboot(agent)
    await old.host.advance(5000)
    const status = await old.status()
    assert.deepEqual(
      [status.os?.version, status.os?.phase, status.health],
      ['v1', 'Idle', 'Degraded'],
    )
    const report = old.host.hub.reports.at(-1)!
    assert.deepEqual(
      [report.failed[0]?.digest, report.failed[0]?.attempt],
      [fakeImage('v2').digest, 0],
    )
    assert.match(report.failed[0]?.message ?? '', /FellBack \(Gate\): not healthy within 60 s/)
    await old.host.advance(600_000)
    assert.deepEqual(old.machine.acts, [])
  })

  it('is tried again when the attempt is raised, once', async () => {
    const agent = await upgraded()
    agent.machine.ailing.set('network', 'there is no address')
    agent.host.hub.drop()
    await agent.host.advance(70_000)
    assert.deepEqual(agent.machine.acts, ['condemn 7632'])
    const old = await reboot(agent)
    await old.host.advance(2000)
    assert.deepEqual(old.machine.acts, [])
    old.host.hub.push(sign(spec(2, [base('v2', { attempt: 1 })])))
    await old.host.advance(2000)
    assert.deepEqual(old.machine.acts.slice(1), ['switch 7632 true', 'restart'])
    const again = await reboot(old)
    again.machine.ailing.set('network', 'there is no address')
    again.host.hub.drop()
    await again.host.advance(70_000)
    const last = await reboot(again)
    await last.host.advance(600_000)
    assert.deepEqual([last.machine.acts, (await last.status()).failures[0]?.attempt], [[], 1])
  })

  it('has a deadline that an agent which starts again does not put off', async () => {
    const agent = await upgraded()
    agent.machine.ailing.set('network', 'there is no address')
    agent.host.hub.drop()
    await agent.host.advance(50_000)
    await agent.stop()
    const host = createFakeHost(agent.host.disk, {
      image: (clock) => ({
        ...bootFakeMachine(
          { ...agent.machine.onDisk, switched: agent.machine.onDisk.running },
          clock,
        ),
        bootId: agent.machine.bootId,
        uptimeMs: () => 55_000 + clock.monotonicMs(),
      }),
    })
    host.hub.isUp = false
    const second = await startAgent(host)
    stops.push(second.stop)
    host.image?.ailing.set('network', 'there is no address')
    await host.advance(12_000)
    assert.deepEqual(host.image?.acts, ['condemn 7632'])
  })

  it('ends a check that hangs, with its group, and names it', async () => {
    const health = { deadlineSeconds: 60, services: [], commands: [['ask', 'the', 'pump']] }
    const agent = await upgraded([base('v2', { health })])
    await agent.host.advance(31_000)
    assert.deepEqual(lastChild(agent.host).options.command, ['ask', 'the', 'pump'])
    assert.ok(agent.host.children[0]?.signals.includes('SIGKILL'))
    await agent.host.advance(5000)
    assert.match((await osOf(agent)).message ?? '', /check "ask the pump" did not end within 30 s/)
    await agent.host.advance(90_000)
    assert.deepEqual(agent.machine.acts, ['condemn 7632'])
  })

  it('is kept when its check succeeds', async () => {
    const health = { deadlineSeconds: 60, services: [], commands: [['ask']] }
    const agent = await upgraded([base('v2', { health })])
    for (let round = 0; round < 20; round += 1) {
      await agent.host.advance(2500)
      for (const child of agent.host.children) if (!child.isGone) child.exit({ code: 0 })
    }
    assert.deepEqual(agent.machine.acts, ['bless 7632'])
  })
})

describe('a hub that does not answer', () => {
  it('after the restart condemns an image if it answered before', async () => {
    const first = await boot()
    first.host.hub.push(sign(spec(1, [base('v2')])))
    await first.host.advance(2000)
    const agent = await reboot(first, { isHubUp: false })
    await agent.host.advance(70_000)
    assert.deepEqual(agent.machine.acts, ['condemn 7632'])
    assert.match(
      agent.machine.onDisk.outcomes[0]?.message ?? '',
      /the hub, which answered before the restart, does not answer/,
    )
  })

  it('neither before nor after is no reason against an image', async () => {
    const first = await boot()
    first.host.hub.drop()
    const shelf = shelfOf('v2')
    first.machine.shelves.push(shelf)
    await first.put(sign(spec(1, [base('v2')])))
    await first.host.advance(2000)
    assert.deepEqual(first.machine.acts, [
      'install 7632 from a stick',
      'switch 7632 false',
      'restart',
    ])
    const agent = await reboot(first, { isHubUp: false })
    await agent.host.advance(40_000)
    assert.deepEqual(agent.machine.acts, ['bless 7632'])
  })

  it('before but behind a connection that only seems to be there is told apart', async () => {
    const first = await boot(createFakeOsDisk('v1'))
    first.machine.shelves.push(shelfOf('v2'))
    first.host.hub.isUp = false
    await first.put(sign(spec(1, [base('v2')])))
    await first.host.advance(7000)
    assert.equal(first.machine.acts[1], 'switch 7632 false')
  })
})

describe('what stands in the way of an image', () => {
  it('is a closed window, which holds back only the restart', async () => {
    const agent = await boot()
    const rebootWindow = { from: '00:10', to: '04:00' }
    agent.host.hub.push(sign(spec(1, [base('v2', { rebootWindow })])))
    await agent.host.advance(300_000)
    assert.deepEqual(agent.machine.acts, ['install 7632 from the hub'])
    const os = await osOf(agent)
    assert.equal(os.phase, 'Staged')
    assert.match(os.message ?? '', /window opens: Sat,? 00:10 \(UTC\)/)
    await agent.host.advance(302_000)
    assert.deepEqual(agent.machine.acts.slice(1), ['switch 7632 true', 'restart'])
  })

  it('is a trial: a new target comes after it', async () => {
    const agent = await upgraded()
    agent.host.hub.push(sign(spec(2, [base('v3')])))
    await agent.host.advance(20_000)
    assert.deepEqual(agent.machine.acts, [])
    await agent.host.advance(20_000)
    assert.deepEqual(agent.machine.acts, [
      'bless 7632',
      'install 7633 from the hub',
      'switch 7633 true',
      'restart',
    ])
  })

  it('is another that is being fetched: it is let go', async () => {
    const agent = await boot()
    agent.machine.gate = new Promise(() => {})
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(500)
    assert.equal((await osOf(agent)).phase, 'Fetching')
    agent.machine.gate = Promise.resolve()
    agent.host.hub.push(sign(spec(2, [base('v3')])))
    await agent.host.advance(500)
    assert.deepEqual(agent.machine.acts, [
      'install 7632 from the hub',
      'install 7633 from the hub',
      'switch 7633 true',
      'restart',
    ])
    assert.deepEqual((await agent.status()).failures, [])
  })

  it('is its signature: it failed, and is left alone', async () => {
    const agent = await boot()
    agent.machine.refuse.set('install', ['Signature', 'nobody whom we trust signed it'])
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(120_000)
    assert.deepEqual(agent.machine.acts, ['install 7632 from the hub'])
    const status = await agent.status()
    assert.match(status.failures[0]?.message ?? '', /Signature: nobody whom we trust/)
    assert.equal(agent.host.hub.reports.at(-1)?.isSettled, true)
  })

  it('is a disk: it is tried again', async () => {
    const agent = await boot()
    agent.machine.refuse.set('install', ['Disk', 'input/output error'])
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(300)
    assert.deepEqual((await agent.status()).failures, [])
    assert.match((await layerOf(agent)).message ?? '', /Disk: input\/output error/)
    await agent.host.advance(70_000)
    assert.equal(agent.machine.acts.at(-1), 'restart')
  })

  it('is a restart that does not come: it is ordered again, and nothing feeds the watchdog', async () => {
    const agent = await boot()
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(110_000)
    assert.equal(agent.machine.acts.filter((act) => act === 'restart').length, 1)
    assert.equal(agent.machine.pulse.isLeaving(), true)
    await agent.host.advance(60_000)
    assert.equal(agent.machine.acts.filter((act) => act === 'restart').length, 2)
  })

  it('is a restart that is refused: the machine stays, and is fed', async () => {
    const agent = await boot()
    agent.machine.refuse.set('restart', ['Busy', 'another is under way'])
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(300)
    assert.equal(agent.machine.pulse.isLeaving(), false)
    assert.match((await layerOf(agent)).message ?? '', /Busy: another is under way/)
  })

  it('is a directory with wrong bytes: the hub has the right ones', async () => {
    const agent = await boot()
    agent.machine.shelves.push(shelfOf('v2'))
    agent.machine.refuse.set('install', ['Digest', 'the file system is another'])
    agent.host.hub.push(sign(spec(1, [base('v2')])))
    await agent.host.advance(1000)
    assert.deepEqual(agent.machine.acts.slice(0, 2), [
      'install 7632 from a stick',
      'install 7632 from the hub',
    ])
    assert.deepEqual((await agent.status()).failures, [])
  })

  it('is a description that is of another image', async () => {
    const agent = await boot()
    const { imageId } = fakeImage('v3')
    agent.host.hub.push(sign(spec(1, [base('v2', { imageId })])))
    await agent.host.advance(1000)
    assert.match((await agent.status()).failures[0]?.message ?? '', /the description is of 7632/)
    assert.deepEqual(agent.machine.acts, [])
  })

  it('is a machine that is none: its other layers run', async () => {
    const agent = await startAgent()
    stops.push(agent.stop)
    agent.host.hub.push(sign(spec(1, [base('v2'), camera])))
    await agent.host.advance(2000)
    const status = await agent.status()
    assert.deepEqual(
      status.layers.map(({ name, state }) => `${name} ${state}`),
      ['base Failed', 'camera Running'],
    )
    assert.match(status.healthMessage ?? '', /does not run from an image/)
    assert.equal(status.failures[0]?.digest, fakeImage('v2').digest)
    assert.equal(status.os, undefined)
  })
})

describe('a site spec with an os layer', () => {
  it('is refused if it names what it must not', async () => {
    const agent = await boot()
    const bad = (more: object): SiteLayer => ({ ...base('v2'), os: { ...base('v2').os!, ...more } })
    const hex = createHash('sha256').update(bytesOf('v1')).digest('hex')
    const cases: [SiteLayer[], RegExp][] = [
      [[bad({ imageId: '../../../etc/passwd' })], /imageId of 32 hexadecimal digits/],
      [[bad({ imageId: 'A'.repeat(32) })], /imageId/],
      [[bad({ repository: 'models/depots/digits' })], /repository os\/NAMESPACE\/NAME/],
      [[bad({ repository: 'os/../../v2' })], /repository/],
      [[bad({ root: { digest: hex, sizeBytes: 1 } })], /sha256 digest of its root/],
      [[bad({ kernel: { digest: `sha256:${hex}`, sizeBytes: 0 } })], /size of its kernel/],
      [
        [bad({ envelope: { digest: `sha256:${hex}`, sizeBytes: 2 ** 60 } })],
        /size of its envelope/,
      ],
      [[bad({ rebootWindow: { from: '25:00', to: '04:00' } })], /rebootWindow/],
      [[bad({ rebootWindow: { from: '02:00' } })], /rebootWindow/],
      [[bad({ health: { deadlineSeconds: 0, services: [], commands: [] } })], /deadlineSeconds/],
      [[bad({ health: { deadlineSeconds: 60, services: [], commands: [[]] } })], /commands/],
      [[{ ...camera, type: 'os' }], /lacks its os/],
      [[base('v2'), { ...base('v3'), name: 'second' }], /base and second are both of type os/],
    ]
    for (const [layers, message] of cases) {
      const answer = await agent.put(sign(spec(1, layers)))
      assert.equal(answer.code, 422, JSON.stringify(layers[0]?.os))
      assert.match((answer.body as { error: string }).error, message)
    }
    await agent.host.advance(1000)
    assert.deepEqual(agent.machine.acts, [])
  })
})

function shelfOf(version: string) {
  const blobs = new Map<string, Uint8Array>([
    [digestOf(root(version)), root(version)],
    [digestOf(envelopeBytes(version)), envelopeBytes(version)],
    [digestOf(Buffer.from('kernel')), Buffer.from('kernel')],
  ])
  return {
    name: 'a stick',
    has: async (digest: string) => blobs.has(digest),
    async *open(digest: string, offset: number) {
      yield blobs.get(digest)!.subarray(offset)
    },
  }
}
