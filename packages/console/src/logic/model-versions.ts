import type { ModelVersion } from '@skerry/api/kinds/model'
import type { Site } from '@skerry/api/kinds/site'
import { toMs } from './format.ts'

/** At how many sites each digest runs, by what the sites said last. */
export function sitesOfVersions(sites: readonly Site[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const site of sites) {
    const digests = (site.status?.layers ?? []).flatMap(({ type, state, digest }) =>
      type === 'model' && state === 'Running' && digest !== undefined ? [digest] : [],
    )
    for (const digest of new Set(digests)) counts.set(digest, (counts.get(digest) ?? 0) + 1)
  }
  return counts
}

export function versionsNewestFirst(
  versions: readonly ModelVersion[],
  model: string,
): ModelVersion[] {
  return versions
    .filter(({ spec }) => spec.model === model)
    .toSorted(
      (left, right) =>
        (toMs(right.metadata.creationTimestamp) ?? 0) -
          (toMs(left.metadata.creationTimestamp) ?? 0) ||
        right.spec.version.localeCompare(left.spec.version, 'en', { numeric: true }),
    )
}
