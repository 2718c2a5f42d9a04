import { type AnyKind, apiVersionOf, resourceName } from './kind.ts'

/** The kinds that there are now. Built in ones never change; users bring and take away theirs. */
export type KindSource = {
  /** A new list, never a changed one, after every change: compare by identity. */
  readonly kinds: readonly AnyKind[]
  /** Called after `kinds` has become another list. */
  subscribe(listener: () => void): Disposable
  /**
   * For somebody who found nothing: resolves, soon, when what was written before this call is heard of.
   * Absent: nothing is ever written. Without a plural, anything of the group is meant.
   */
  lookAgain?(missed: { readonly group: string; readonly plural?: string }): Promise<void>
}

/** Kinds that stay as they are. */
export function fixedKinds(kinds: readonly AnyKind[]): KindSource {
  return { kinds, subscribe: () => ({ [Symbol.dispose]: () => {} }) }
}

/** What is made of the kinds, made again when they have changed and somebody asks. */
export function derivedFromKinds<T>(
  source: KindSource,
  derive: (kinds: readonly AnyKind[]) => T,
): () => T {
  let made: { readonly from: readonly AnyKind[]; readonly value: T } | undefined
  return () => {
    const { kinds } = source
    if (made?.from !== kinds) made = { from: kinds, value: derive(kinds) }
    return made.value
  }
}

/** The kind that an object says it is. */
export function findKind(
  kinds: readonly AnyKind[],
  object: { readonly apiVersion: string; readonly kind: string },
): AnyKind | undefined {
  return kinds.find((kind) => kind.kind === object.kind && apiVersionOf(kind) === object.apiVersion)
}

/** One kind for each sort of objects that is kept, in the shape in which it is kept. */
export function storedKinds(kinds: readonly AnyKind[]): AnyKind[] {
  const byResource = new Map<string, AnyKind>()
  for (const kind of kinds) {
    // Of what cannot be listed nothing is kept: reviews.
    if (kind.verbs !== undefined && !kind.verbs.includes('list')) continue
    const kept = kind.keptAs?.kind ?? kind
    const name = resourceName(kept)
    if (!byResource.has(name)) byResource.set(name, kept)
  }
  return [...byResource.values()]
}
