import { compareVersions } from './compare-versions.ts'
import { type EntryName, isExhausted } from './entry-name.ts'

/** An entry as the loader sorts it. */
export type LoaderEntry = EntryName & {
  readonly sizeBytes: number
  /** IMAGE_VERSION of its `.osrel`; an entry that cannot be read has none. */
  readonly version?: string | undefined
}

/** The loader's list, the one that it starts first. Hidden, empty and unreadable files are not in it. */
export function loaderOrder<E extends LoaderEntry>(entries: readonly E[]): E[] {
  return entries
    .filter((entry) => !entry.isHidden && entry.sizeBytes > 0 && entry.version !== undefined)
    .toSorted(compareEntries)
}

/** Negative: `a` is started before `b`. As systemd-boot's `boot_entry_compare`, for one sort key. */
function compareEntries(a: LoaderEntry, b: LoaderEntry): number {
  return (
    Number(isExhausted(a)) - Number(isExhausted(b)) ||
    -compareVersions(a.version ?? '', b.version ?? '') ||
    -compareVersions(idOf(a), idOf(b)) ||
    (b.tries?.left ?? 0) - (a.tries?.left ?? 0) ||
    (a.tries?.done ?? 0) - (b.tries?.done ?? 0)
  )
}

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
