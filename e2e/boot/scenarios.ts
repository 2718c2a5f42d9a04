import type { Scenario } from './scenario.ts'
import { badImages } from './scenarios/bad-images.ts'
import { badPlaces } from './scenarios/bad-places.ts'
import { goodImages } from './scenarios/good-images.ts'
import { powerAndNetwork } from './scenarios/power-and-network.ts'
import { powerCuts } from './scenarios/power-cuts.ts'
import { fourRoots } from './scenarios/roots.ts'

/** All of them, what is asked for most often first. */
export const scenarios: readonly Scenario[] = [
  ...goodImages,
  ...badImages,
  ...badPlaces,
  ...powerAndNetwork,
  ...fourRoots,
  ...powerCuts,
]
