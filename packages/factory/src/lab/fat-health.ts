import { type FatFile, chainOf, listDirectory } from './fat-files.ts'
import { type FatVolume, chainFrom } from './fat-volume.ts'
import { diskLimits } from './limits.ts'

export type FatHealth = {
  /** What a reader would stumble over, one sentence each; an empty list is a sound tree. */
  readonly problems: readonly string[]
  /** Clusters that are taken and belong to nothing: they cost space until somebody repairs. */
  readonly lostClusters: number
  /** Copies of the table that differ from the first. */
  readonly differingCopies: number
  readonly isDirty: boolean
}

/** Looks at the whole tree, as fsck.fat would, and changes nothing. */
export function fatHealth(volume: FatVolume): FatHealth {
  const owners = new Map<number, string>()
  const problems: string[] = []
  const own = (path: string, clusters: readonly number[]) => {
    for (const cluster of clusters) {
      const other = owners.get(cluster)
      if (other !== undefined) {
        problems.push(`${path}: shares cluster ${cluster} with ${other}`)
        return
      }
      owners.set(cluster, path)
    }
  }
  if (volume.kind === 'fat32')
    own('/', chainFrom(volume, volume.rootCluster, volume.clusters).clusters)
  const waiting: { readonly directory: FatFile | undefined; readonly depth: number }[] = [
    { directory: undefined, depth: 0 },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { directory, depth } = next
    const { files, problems: found } = listDirectory(volume, directory)
    problems.push(...found)
    for (const file of files) {
      const chain = file.isDirectory
        ? chainFrom(volume, file.firstCluster, volume.clusters)
        : chainOf(volume, file)
      if (chain.problem !== undefined) problems.push(`${file.path}: its chain ${chain.problem}`)
      const before = problems.length
      own(file.path, chain.clusters)
      // A directory inside itself shares its clusters: following it would never end.
      const isNew = problems.length === before
      if (file.isDirectory && isNew && depth < diskLimits.fatDepthMax)
        waiting.push({ directory: file, depth: depth + 1 })
    }
  }
  return {
    problems,
    lostClusters: lostClusters(volume, owners),
    differingCopies: differingCopies(volume),
    isDirty: volume.isDirty,
  }
}

function lostClusters(volume: FatVolume, owners: ReadonlyMap<number, string>): number {
  let lost = 0
  for (let cluster = 2; cluster < volume.clusters + 2; cluster++) {
    const value = volume.next(cluster)
    if (value !== 0 && value !== volume.badCluster && !owners.has(cluster)) lost += 1
  }
  return lost
}

function differingCopies(volume: FatVolume): number {
  const copy = (index: number) =>
    volume.view.read(volume.tableOffset + index * volume.tableBytes, volume.tableBytes)
  const first = copy(0)
  let differing = 0
  for (let index = 1; index < volume.copies; index++) if (!copy(index).equals(first)) differing += 1
  return differing
}
