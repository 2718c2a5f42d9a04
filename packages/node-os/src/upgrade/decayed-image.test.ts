import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bootStartsMax } from '@skerry/api/os/os-layout'
import { drive, intentFor, startSession } from '../testing/drive.ts'
import { type FakeImage, makeFakeImage, requestFor } from '../testing/fake-image.ts'
import { PowerCut } from '../testing/power.ts'
import {
  type Behaviour,
  type SimulatedMachine,
  type SimulatedMachineOptions,
  createSimulatedMachine,
} from '../testing/simulated-machine.ts'

const v1 = await makeFakeImage({ version: '1.0.0' })
const v2 = await makeFakeImage({ version: '2.0.0' })
const images = [v1, v2]
const id = (image: FakeImage) => image.description.imageId
const nobody = () => new AbortController().signal

/** A machine that runs 2.0.0 from the second slot, installed and found good. */
async function upgraded(options: Partial<SimulatedMachineOptions> = {}) {
  const machine = createSimulatedMachine({ images, installed: [{ image: v1 }], ...options })
  await drive(machine, { target: v2 })
  return machine
}

const behaving = (behaviour: Behaviour) => new Map([[id(v2), behaviour]])
const results = (machine: { outcomes: readonly { result: string; evidence: string }[] }) =>
  machine.outcomes.map(({ result, evidence }) => `${result} ${evidence}`)
const startsOf = (machine: SimulatedMachine, image: FakeImage) =>
  [...machine.data.content()].find(([path]) => path.endsWith(`starts/${id(image)}`))?.[1]

const superblock = v2.description.root.sizeBytes

describe('a kept image', () => {
  for (const [what, offset] of [
    ['its file system', 5000],
    ['its superblock', superblock],
    ['its tree', superblock + 4100],
  ] as const)
    it(`of which a block of ${what} decayed is left, written anew and runs again`, async () => {
      const machine = await upgraded()
      const before = machine.starts
      machine.slots[1]!.decayAt(offset)
      const state = await drive(machine, { target: v2 })
      assert.equal(state.report.imageId, id(v2))
      assert.deepEqual(results(state.report), ['Succeeded None', 'FellBack Disk', 'Succeeded None'])
      assert.match(state.report.outcomes[1]!.message, /had been good, was started 5 times in a row/)
      assert.deepEqual(state.condemned, [])
      assert.equal(machine.starts - before, bootStartsMax + 3)
      assert.ok(Buffer.from(machine.slots[1]!.bytes.subarray(0, v2.slot.length)).equals(v2.slot))
    })

  it('is looked into before it is staged or installed again', async () => {
    const machine = await upgraded()
    machine.slots[1]!.decayAt(5000)
    const { os, image } = await startSession(machine)
    assert.equal(image, v1)
    assert.deepEqual(os.observe().staged, [])
    assert.deepEqual(await os.install(requestFor(v2), nobody()), { ok: true })
    assert.deepEqual(results(os.observe().report), ['FellBack Disk', 'Succeeded None'])
    assert.deepEqual(
      os.observe().staged.map(({ imageId }) => imageId),
      [id(v2)],
    )
  })

  it('that panics although its slot is right is not tried again', async () => {
    const machine = await upgraded()
    machine.behaviours = behaving('Panics')
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.imageId, id(v1))
    assert.deepEqual(results(state.report), ['FellBack Panic', 'Succeeded None'])
    assert.deepEqual(
      state.condemned.map(({ imageId }) => imageId),
      [id(v2)],
    )
    const again = await startSession(machine)
    assert.deepEqual(results(again.os.observe().report), ['FellBack Panic', 'Succeeded None'])
  })

  it('that hangs although its slot is right is not tried again', async () => {
    const machine = await upgraded()
    machine.behaviours = behaving('Hangs')
    const state = await drive(machine, { target: v2 })
    assert.deepEqual(results(state.report), ['FellBack Hang', 'Succeeded None'])
    assert.match(state.report.outcomes[0]!.message, /the watchdog reset the machine 5 times/)
    // An install that comes before anybody looked finds the same, and stops.
    const other = await upgraded()
    other.behaviours = behaving('Hangs')
    const { os } = await startSession(other)
    const result = await os.install(requestFor(v2), nobody())
    assert.equal(result.ok === false && result.reason, 'Stopped')
  })

  it('under a supply that flickered is tried again and kept', async () => {
    const machine = await upgraded()
    machine.behaviours = behaving('Dies')
    const { os, image } = await startSession(machine)
    assert.equal(image, v1)
    assert.deepEqual(os.observe().condemned, [])
    machine.behaviours = new Map()
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.imageId, id(v2))
    assert.deepEqual(results(state.report), [
      'Succeeded None',
      'Inconclusive None',
      'Succeeded None',
    ])
    assert.equal(startsOf(machine, v2), undefined)
  })

  it('that came to health is counted anew, and a restart that was asked for does not count', async () => {
    const machine = await upgraded()
    for (let each = 0; each < 3 * bootStartsMax; each += 1) {
      const { os, image } = await startSession(machine)
      assert.equal(image, v2)
      assert.ok(startsOf(machine, v2))
      assert.deepEqual(await (each % 2 === 0 ? os.settle() : os.restart()), { ok: true })
      assert.equal(startsOf(machine, v2), undefined)
    }
  })

  it('is tried on where nothing else could start, and where data cannot be written', async () => {
    for (const options of [
      { images: [v2], installed: [{ image: v2 }] },
      { images, installed: [{ image: v1 }, { image: v2 }], isDataMissing: true },
    ]) {
      const machine = createSimulatedMachine(options)
      machine.behaviours = behaving('Dies')
      assert.equal(await machine.start(), undefined)
      machine.behaviours = new Map()
      assert.equal((await startSession(machine)).image, v2)
    }
  })

  it('whose kernel met a damaged block while it ran is left, once its slot is known to have decayed', async () => {
    const machine = await upgraded()
    await (await startSession(machine)).os.settle()
    const panic = 'Panic#1\n<0>[ 9.1] Kernel panic - not syncing: dm-verity device corrupted\n'
    machine.panics.set('dmesg-9', Buffer.from(panic))
    const sound = await drive(machine, { target: v2 })
    assert.deepEqual(results(sound.report).slice(0, 1), ['Inconclusive Disk'])
    assert.equal(sound.report.imageId, id(v2))
    machine.panics.set('dmesg-10', Buffer.from(panic))
    const { os, image } = await startSession(machine)
    assert.equal(image, v2)
    machine.slots[1]!.decayAt(5000)
    assert.deepEqual(await os.examine(nobody()), { ok: true })
    assert.deepEqual(results(os.observe().report).slice(0, 1), ['FellBack Disk'])
    const next = await startSession(machine)
    assert.equal(next.image, v1)
    assert.deepEqual(next.os.observe().staged, [])
    assert.deepEqual(next.os.observe().condemned, [])
    assert.equal((await drive(machine, { target: v2 })).report.imageId, id(v2))
  })
})

it('a power cut at any write of leaving a decayed image and bringing it back ends well', async () => {
  const whole = await upgraded()
  whole.slots[1]!.decayAt(5000)
  await drive(whole, { target: v2 })
  const states = new Set<string>()
  for (let cut = 0; ; cut += 11) {
    const machine = await upgraded()
    machine.slots[1]!.decayAt(5000)
    const begin = machine.power.operations
    machine.power.cutAt(begin + cut)
    const wasCut = await drive(machine, { target: v2 }).then(
      () => false,
      (error: unknown) => {
        if (error instanceof PowerCut) return true
        throw error
      },
    )
    if (!wasCut) break
    const after = machine.afterPowerCut({ seed: cut })
    const state = await drive(after, { target: v2 })
    assert.equal(state.report.imageId, id(v2), `cut ${cut}`)
    assert.deepEqual(state.condemned, [], `cut ${cut}`)
    states.add(results(state.report).join())
  }
  for (const each of states) assert.match(each, /FellBack Disk/)
})

it('an image that is made the next to start begins without what was counted before', async () => {
  const machine = await upgraded()
  machine.behaviours = behaving('Good')
  const { os } = await startSession(machine)
  assert.deepEqual(await os.switchTo(id(v1), intentFor(v1)), { ok: true })
  machine.data.put(`/data/skerry/os/starts/${id(v1)}`, Buffer.from('4 0 0 \n'))
  assert.deepEqual(await os.switchTo(id(v1), intentFor(v1)), { ok: true })
  assert.equal(startsOf(machine, v1), undefined)
})
