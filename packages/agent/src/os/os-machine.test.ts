import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import type { SiteLayer } from '@skerry/api/site-spec'
import { silentLog } from '@skerry/base/log'
import { fixedClock } from '@skerry/node-os/testing/drive'
import { type FakeImage, imageKey, makeFakeImage } from '@skerry/node-os/testing/fake-image'
import {
  type Behaviour,
  type SimulatedMachine,
  createSimulatedMachine,
} from '@skerry/node-os/testing/simulated-machine'
import { openOsMachine } from '@skerry/node-os/upgrade/open-os-machine'
import { createFakeHost } from '../testing/fake-host.ts'
import { bootFakeMachine, createFakeOsDisk } from '../testing/fake-image-machine.ts'
import { type RunningAgent, digestOf, sign, spec, startAgent } from '../testing/fake-site.ts'
import { type SimulatedDisk, createSimulatedDisk } from '../testing/simulated-disk.ts'

// The agent with the real upgrade machinery, on disks and a loader in memory.

const stops: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of stops) await stop()
})

const v1 = await makeFakeImage({ version: '1.0.0' })
const v2 = await makeFakeImage({ version: '2.0.0' })
const envelopeBytes = ({ envelope }: FakeImage) => Buffer.from(JSON.stringify(envelope))

function base(image: FakeImage, attempt = 0): SiteLayer {
  const { imageId, version, root, kernel } = image.description
  const bytes = envelopeBytes(image)
  const envelope = { digest: digestOf(bytes), sizeBytes: bytes.length }
  const health = { deadlineSeconds: 60, services: [], commands: [] }
  const named = { image: 'depot', version, imageId, repository: 'os/depots/depot' }
  const os = { ...named, envelope, root, kernel, health }
  return { name: 'base', type: 'os', digest: image.digest, attempt, os }
}

type Site = RunningAgent & {
  readonly disk: SimulatedDisk
  /** From now on it has no network. */
  ail(problem: string): void
}

/** Starts the machine with whatever its loader takes, and the agent on it. */
async function boot(
  machine: SimulatedMachine,
  disk = createSimulatedDisk(),
  layers: SiteLayer[] = [],
): Promise<Site> {
  const started = await machine.start()
  assert.ok(started, machine.story.join('; '))
  const os = await openOsMachine({ host: started.host, clock: fixedClock, log: silentLog })
  assert.ok(os)
  const host = createFakeHost(disk, {
    image: (clock) => ({
      ...bootFakeMachine(createFakeOsDisk('unused'), clock),
      os,
      bootId: started.host.boot.bootId,
      trustedKeys: [imageKey.trusted],
    }),
  })
  for (const image of [v1, v2])
    for (const bytes of [image.root, image.kernel, envelopeBytes(image)])
      host.hub.blobs.set(digestOf(bytes), bytes)
  if (layers.length > 0) host.hub.newest = sign(spec(1, layers))
  const agent = await startAgent(host)
  stops.push(agent.stop)
  let problem: string | undefined
  Object.assign(host.image!.probes, { network: async () => problem })
  const ail = (sentence: string): void => {
    host.hub.drop()
    problem = sentence
  }
  return { ...agent, disk, ail }
}

const isLeaving = (site: Site) => site.host.image!.pulse.isLeaving()

async function untilRestart(site: Site): Promise<void> {
  for (let seconds = 0; seconds < 200 && !isLeaving(site); seconds += 1)
    await site.host.advance(1000)
  assert.ok(isLeaving(site), JSON.stringify(await site.status(), null, 1))
  await site.host.advance(100)
}

async function rest(site: Site, seconds = 60): Promise<void> {
  for (let second = 0; second < seconds; second += 1) await site.host.advance(1000)
  assert.ok(!isLeaving(site), site.host.image?.said.join('\n'))
}

const machineWith = (behaviours: [FakeImage, Behaviour][] = []) =>
  createSimulatedMachine({
    images: [v1, v2],
    installed: [{ image: v1 }],
    behaviours: new Map(behaviours.map(([image, how]) => [image.description.imageId, how])),
  })

const resultsOf = async (site: Site) =>
  (await site.status()).os?.outcomes.map(
    (each) => `${each.version} ${each.result} ${each.evidence}`,
  )

it('upgrades to a good image, and goes back to the one before', async () => {
  const machine = machineWith()
  const first = await boot(machine)
  assert.equal((await first.status()).os?.version, '1.0.0')
  first.host.hub.push(sign(spec(1, [base(v2)])))
  await untilRestart(first)
  const second = await boot(machine, first.disk.afterPowerCut(1), [base(v2)])
  await rest(second)
  const status = await second.status()
  assert.deepEqual(
    [status.os?.version, status.os?.isBlessed, status.health],
    ['2.0.0', true, 'Healthy'],
  )
  assert.deepEqual(await resultsOf(second), ['2.0.0 Succeeded None'])
  second.host.hub.push(sign(spec(2, [base(v1)])))
  await untilRestart(second)
  const third = await boot(machine, second.disk.afterPowerCut(1), [base(v1)])
  await rest(third)
  assert.equal((await third.status()).os?.version, '1.0.0')
  assert.deepEqual(await resultsOf(third), ['1.0.0 WentBack None', '2.0.0 Succeeded None'])
  assert.deepEqual((await third.status()).failures, [])
})

it('falls back from an image that is not well, and tries it again only when asked', async () => {
  const machine = machineWith()
  const first = await boot(machine)
  first.host.hub.push(sign(spec(1, [base(v2)])))
  await untilRestart(first)
  const second = await boot(machine, first.disk.afterPowerCut(1), [base(v2)])
  second.ail('no address')
  await untilRestart(second)
  const third = await boot(machine, second.disk.afterPowerCut(1), [base(v2)])
  await rest(third)
  const status = await third.status()
  assert.deepEqual([status.os?.version, status.health], ['1.0.0', 'Degraded'])
  assert.deepEqual(await resultsOf(third), ['2.0.0 FellBack Gate'])
  assert.match(third.host.hub.reports.at(-1)?.failed[0]?.message ?? '', /no address/)
  third.host.hub.push(sign(spec(2, [base(v2, 1)])))
  await untilRestart(third)
  const fourth = await boot(machine, third.disk.afterPowerCut(1), [base(v2, 1)])
  await rest(fourth)
  assert.equal((await fourth.status()).os?.version, '2.0.0')
})

it('falls back from an image that panics, and leaves it alone', async () => {
  const machine = machineWith([[v2, 'Panics']])
  const first = await boot(machine)
  first.host.hub.push(sign(spec(1, [base(v2)])))
  await untilRestart(first)
  const second = await boot(machine, first.disk.afterPowerCut(1), [base(v2)])
  await rest(second)
  assert.deepEqual(await resultsOf(second), ['2.0.0 FellBack Panic'])
  assert.equal((await second.status()).failures[0]?.digest, v2.digest)
})

it('gives an image whose tries were lost without evidence one more round', async () => {
  const machine = machineWith([[v2, 'Dies']])
  const first = await boot(machine)
  first.host.hub.push(sign(spec(1, [base(v2)])))
  await untilRestart(first)
  const second = await boot(machine, first.disk.afterPowerCut(1), [base(v2)])
  assert.deepEqual(await resultsOf(second), ['2.0.0 Inconclusive None'])
  await untilRestart(second)
  const third = await boot(machine, second.disk.afterPowerCut(1), [base(v2)])
  await rest(third)
  const results = await resultsOf(third)
  assert.match(results?.[0] ?? '', /^2\.0\.0 FellBack/)
  assert.equal((await third.status()).failures[0]?.digest, v2.digest)
})
