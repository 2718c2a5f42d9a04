import { type Random, seededRandom } from '@skerry/base/random'

export class PowerCut extends Error {
  constructor() {
    super('The power is gone')
    this.name = 'PowerCut'
  }
}

/** Counts what disks are asked to change, and ends it all before one of these. */
export type Power = {
  readonly operations: number
  cutAt(operation: number): void
  /** One more change; rejects with `PowerCut` once the power is gone. */
  tick(): Promise<void>
  /** Something that changes nothing, and so is no place of its own for a cut. */
  look(): Promise<void>
}

export function createPower(): Power {
  let operations = 0
  let end = Infinity
  return {
    get operations() {
      return operations
    },
    cutAt: (operation) => {
      end = operation
    },
    async tick() {
      if (operations >= end) throw new PowerCut()
      operations += 1
    },
    async look() {
      if (operations >= end) throw new PowerCut()
    },
  }
}

/** What becomes of what was written and not flushed: all of it is there, or any part. */
export type Loss = 'Nothing' | { readonly seed: number }

/** Decides for each thing that was not flushed. */
export type Fate = { survives(): boolean }

export function fateOf(loss: Loss): Fate {
  if (loss === 'Nothing') return { survives: () => true }
  const random: Random = seededRandom(loss.seed)
  return { survives: () => random.next() < 0.5 }
}
