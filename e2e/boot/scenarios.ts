import type { Suite } from './runner-options.ts'
import type { Scenario } from './scenario.ts'
import { badImages } from './scenarios/bad-images.ts'
import { badPlaces } from './scenarios/bad-places.ts'
import { goodImages } from './scenarios/good-images.ts'
import { powerAndNetwork } from './scenarios/power-and-network.ts'
import { powerCuts } from './scenarios/power-cuts.ts'
import { fourRoots } from './scenarios/roots.ts'

/** By suite, what is asked for most often first. */
export const scenarios: Readonly<Record<Suite, readonly Scenario[]>> = {
  faults: [...goodImages, ...badImages, ...badPlaces, ...powerAndNetwork, ...powerCuts],
  roots: fourRoots,
}
