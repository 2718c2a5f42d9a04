import type { RegistryTransport } from '@skerry/artifact/registry-transport'
import type { Clock } from '@skerry/base/clock'
import type { Mirror } from '../debian/apt-sources.ts'
import type { FactoryCache } from '../debian/factory-cache.ts'
import type { Lock } from '../debian/lock.ts'
import type { Tree } from '../debian/tree.ts'
import type { OnBuildProgress } from './build-progress.ts'
import type { ResolvedSchematic } from './resolve-schematic.ts'

/** What every step of a build is given. */
export type BuildContext = {
  readonly schematic: ResolvedSchematic
  readonly cache: FactoryCache
  /** Sets that the factory itself is made of, and those of the schematic. */
  readonly lock: Lock
  readonly mirror?: Mirror | undefined
  readonly clock: Clock
  readonly transport: RegistryTransport
  readonly onProgress: OnBuildProgress
  readonly signal?: AbortSignal | undefined
}

/** The trees that a build works with. */
export type BuildTrees = {
  readonly tools: Tree
  readonly initrd: Tree
  readonly kernel: Tree
  readonly kernelVersion: string
}
