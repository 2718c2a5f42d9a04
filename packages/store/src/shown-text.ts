import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import { openingOf } from '@skerry/api/text-state'
import { KeptText } from './kept-text.ts'

/** The kind by which objects of a kind are kept. */
export function keptKindOf(kind: AnyKind): AnyKind {
  return kind.keptAs?.kind ?? kind
}

/** What is kept, as an object of the kind that is asked for. */
export function shownText(kind: AnyKind, kept: KeptText): KeptText {
  const opening = openingOf(kind)
  if (kind.keptAs === undefined && kept.text.startsWith(opening)) return kept
  const { metadata, ...rest } = kind.keptAs?.fromKept(kept.fresh()) ?? kept.fresh()
  const { apiVersion: _, kind: __, ...body } = rest as Partial<StoredObject>
  return new KeptText(
    JSON.stringify({ apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, ...body }),
  )
}

/** The same, made once for all who are told of a change. */
export function createShown(kind: AnyKind): (kept: KeptText) => KeptText {
  const made = new WeakMap<KeptText, KeptText>()
  return (kept) => {
    const known = made.get(kept)
    if (known !== undefined) return known
    const shown = shownText(kind, kept)
    made.set(kept, shown)
    return shown
  }
}
