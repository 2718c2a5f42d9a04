import { builtInSets } from '../debian/built-in-sets.ts'
import type { Lock } from '../debian/lock.ts'
import { type PackageSet, suitesOf } from '../debian/package-set.ts'
import type { Schematic } from '../schematic/schematic.ts'
import { BuildError } from './build-error.ts'

/** What a schematic takes from Debian beside what every build does. */
export type NeededSets = {
  /** Name of the set that the kernel comes from. */
  readonly kernel: string
  /** Name of the set that the root is made of, for a base of Debian. */
  readonly root: string | undefined
  /** Those of the schematic alone: they are pinned by the lock beside it. */
  readonly own: readonly PackageSet[]
}

export function neededSets({ kernel, base, packages }: Schematic): NeededSets {
  const own: PackageSet[] = []
  const isBuiltIn = kernel === 'cloud' || kernel === 'generic'
  if (!isBuiltIn)
    own.push({
      name: 'kernel',
      suites: suitesOf(base.debian?.suite ?? 'trixie'),
      packages: [kernel],
      keep: ['linux-image-*'],
    })
  let root: string | undefined
  if (base.debian !== undefined) {
    const { suite, init } = base.debian
    const like = builtInSets.find(({ name }) => name === `debian-${init}`)!
    const isPlain = packages.length === 0 && suite === 'trixie'
    root = isPlain ? like.name : 'root'
    if (!isPlain)
      own.push({
        name: 'root',
        suites: suitesOf(suite),
        packages: [...new Set([...like.packages, ...packages])],
      })
  }
  return { kernel: isBuiltIn ? `kernel-${kernel}` : 'kernel', root, own }
}

/** One lock of the factory's sets and the schematic's own, which must be what the schematic asks for. */
export function joinLocks(
  builtIn: Lock,
  own: Lock | undefined,
  needed: NeededSets,
  lockFile: string,
): Lock {
  const command = 'run `skerry image lock -f` with the schematic, and keep the file beside it.'
  const sets = { ...builtIn.sets }
  for (const { name, suites, packages } of needed.own) {
    const locked = own?.sets[name]
    if (locked === undefined)
      throw new BuildError(
        `The schematic's packages are not pinned yet (no ${lockFile}): ${command}`,
      )
    const isSame =
      locked.asked.toSorted().join(' ') === packages.toSorted().join(' ') &&
      locked.suites.join(' ') === suites.join(' ')
    if (!isSame)
      throw new BuildError(
        `${lockFile} was made for other packages than the schematic names now: ${command}`,
      )
    sets[name] = locked
  }
  return { architecture: builtIn.architecture, sets }
}
