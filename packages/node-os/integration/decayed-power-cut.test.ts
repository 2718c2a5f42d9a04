import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drive } from '@skerry/node-os/testing/drive'
import { type FakeImage, makeFakeImage } from '@skerry/node-os/testing/fake-image'
import { PowerCut } from '@skerry/node-os/testing/power'
import {
  type Behaviour,
  type SimulatedMachine,
  createSimulatedMachine,
} from '@skerry/node-os/testing/simulated-machine'

const v1 = await makeFakeImage({ version: '1.0.0' })
const v2 = await makeFakeImage({ version: '2.0.0' })
const seeds = 2

/** A machine that runs 2.0.0, which was installed and found good, from the second slot. */
async function upgraded(slotCount: number): Promise<SimulatedMachine> {
  const machine = createSimulatedMachine({
    images: [v1, v2],
    installed: [{ image: v1 }],
    slotCount,
  })
  await drive(machine, { target: v2 })
  return machine
}

type Fault = {
  readonly break: (machine: SimulatedMachine) => void
  readonly ends: FakeImage
  /** Said of 2.0.0, exactly once. */
  readonly told: string
}

const behaving = (behaviour: Behaviour) => (machine: SimulatedMachine) => {
  machine.behaviours = new Map([[v2.description.imageId, behaviour]])
}

const faults: Readonly<Record<string, Fault>> = {
  'a block that decayed': {
    break: (machine) => machine.slots[1]!.decayAt(5000),
    ends: v2,
    told: 'FellBack Disk',
  },
  'a superblock that decayed': {
    break: (machine) => machine.slots[1]!.decayAt(v2.description.root.sizeBytes),
    ends: v2,
    told: 'FellBack Disk',
  },
  'a kernel that panics from now on': {
    break: behaving('Panics'),
    ends: v1,
    told: 'FellBack Panic',
  },
  'an image that hangs from now on': {
    break: behaving('Hangs'),
    ends: v1,
    told: 'FellBack Hang',
  },
}

async function problemsAfter(fault: Fault, slotCount: number, cut: number, seed: number) {
  const machine = await upgraded(slotCount)
  fault.break(machine)
  machine.power.cutAt(machine.power.operations + cut)
  try {
    await drive(machine, { target: v2 })
    return undefined
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error
  }
  const state = await drive(machine.afterPowerCut({ seed }), { target: v2 })
  const told = state.report.outcomes.map(({ result, evidence }) => `${result} ${evidence}`)
  const isBanned = state.condemned.length > 0
  return [
    ...(state.report.imageId === fault.ends.description.imageId ? [] : ['it ends elsewhere']),
    ...(told.filter((each) => each === fault.told).length === 1 ? [] : [told.join(', ')]),
    ...(isBanned === (fault.ends === v1) ? [] : ['it is banned, or is not']),
  ].map((problem) => `after ${cut}, seed ${seed}: ${problem}`)
}

describe('an image that was good and decays, the power cut at any write that follows', () => {
  for (const [name, fault] of Object.entries(faults))
    for (const slotCount of name.startsWith('a block') ? [2, 3] : [3])
      it(`${name}, ${slotCount} slots`, async () => {
        const found: string[] = []
        let cuts = 0
        for (; ; cuts += 1) {
          const problems = await Promise.all(
            Array.from({ length: seeds }, (_, seed) => problemsAfter(fault, slotCount, cuts, seed)),
          )
          if (problems[0] === undefined) break
          found.push(...problems.flatMap((each) => each ?? []))
        }
        assert.ok(cuts > 5, `${cuts} writes`)
        assert.deepEqual(found, [])
      })
})
