import { type AnyKind, apiVersionOf } from './kind.ts'

/** The kinds that there are now. Built in ones never change; users bring and take away theirs. */
export type KindSource = {
  /** A new list, never a changed one, after every change: compare by identity. */
  readonly kinds: readonly AnyKind[]
  /** Called after `kinds` has become another list. */
  subscribe(listener: () => void): Disposable
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
