import { compareEntries, isSeenByLoader } from '@skerry/api/os/loader-order'
import { compareVersions } from '@skerry/api/os/version-order'
import type { EntryName } from './entry-name.ts'

/** An entry as the loader sorts it. */
export type LoaderEntry = EntryName & {
  readonly sizeBytes: number
  /** IMAGE_VERSION of its `.osrel`; an entry that cannot be read has none. */
  readonly version?: string | undefined
}

/** The loader's list, the one that it starts first. Hidden, empty and unreadable files are not in it. */
export function loaderOrder<E extends LoaderEntry>(entries: readonly E[]): E[] {
  return entries
    .filter(({ file, sizeBytes, version }) => {
      return isSeenByLoader(file) && sizeBytes > 0 && version !== undefined
    })
    .toSorted((left, right) => compareEntries(asSeen(left), asSeen(right)))
}

/** All images of ours have one sort key. */
const asSeen = ({ file, version }: LoaderEntry) => ({ fileName: file, sortKey: 'skerry', version })

/** Whether an entry of version `a` is started before one of version `b`, tries aside. */
export function isStartedBefore(
  a: { readonly version?: string | undefined; readonly prefix: string },
  b: { readonly version?: string | undefined; readonly prefix: string },
): boolean {
  const order =
    compareVersions(a.version ?? '', b.version ?? '') || compareVersions(idOf(a), idOf(b))
  return order > 0
}

const idOf = ({ prefix }: { readonly prefix: string }): string => `skerry-${prefix}.efi`
