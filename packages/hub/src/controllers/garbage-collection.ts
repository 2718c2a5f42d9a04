import { type AnyKind, resourceName } from '@skerry/api/kind'
import { type KindSource, derivedFromKinds, findKind, storedKinds } from '@skerry/api/kind-source'
import type { KubeObject, OwnerReference, StoredObject } from '@skerry/api/object'
import { isApiError } from '@skerry/api/status'
import { equalJson } from '@skerry/base/json'
import type { Cached, Controller, Read, View } from '@skerry/controller/controller'

type Found = { readonly kind: AnyKind; readonly object: StoredObject }

/** Kinds that own nothing and are owned by nothing, and change all the time. */
const skipped = new Set(['events', 'leases.coordination.k8s.io'])

/** The kinds that there are now, and those of them that are followed. */
type Known = {
  readonly source: KindSource
  readonly followed: () => readonly AnyKind[]
}

/**
 * Removes what belongs to nobody any more: in the background, in the foreground (finalizer
 * `foregroundDeletion`: the owner waits for its dependents) or not at all (finalizer `orphan`).
 */
export function createGarbageCollectionController(source: KindSource): Controller {
  const followed = derivedFromKinds(source, (kinds) =>
    storedKinds(kinds).filter((kind) => !skipped.has(resourceName(kind))),
  )
  const known: Known = { source, followed }
  const readOf = (kind: AnyKind): Read => ({
    kind,
    keysOf: (object, cached, before) =>
      before !== undefined && equalJson(tiesOf(before), tiesOf(object))
        ? []
        : keysAround(known, { kind, object }, cached),
  })
  const first = new Set(followed().map(resourceName))
  const later = derivedFromKinds(source, () =>
    followed()
      .filter((kind) => !first.has(resourceName(kind)))
      .map(readOf),
  )
  return {
    name: 'garbage-collection',
    reads: followed().map(readOf),
    readsAlso: { now: later, subscribe: (listener) => source.subscribe(listener) },
    owns: [],
    workers: 4,
    reconcile: (key, view) => reconcileObject(known, key, view),
  }
}

const keyFor = (kind: AnyKind, { namespace = '', name }: { namespace?: string; name: string }) =>
  `${resourceName(kind)}|${namespace}|${name}`

/** All that matters here. */
function tiesOf({ metadata }: StoredObject) {
  const { ownerReferences, finalizers, deletionTimestamp } = metadata
  return { ownerReferences, finalizers, deletionTimestamp }
}

/** An object, who it belongs to, and, when it goes, what belongs to it. */
function keysAround(known: Known, { kind, object }: Found, cached: Cached): string[] {
  const { metadata } = object
  const owners = (metadata.ownerReferences ?? []).flatMap((reference) => {
    const owner = findKind(known.source.kinds, reference)
    return owner === undefined ? [] : [keyFor(owner, locate(owner, reference, metadata.namespace))]
  })
  const isThere = cached.get(kind, metadata) !== undefined
  const isGoing = !isThere || metadata.deletionTimestamp !== undefined
  const dependents = isGoing
    ? dependentsOf(known, cached, metadata.uid).map((found) =>
        keyFor(found.kind, found.object.metadata),
      )
    : []
  // What neither belongs to anything nor is going has nothing to be looked at.
  const isTied = owners.length > 0 || metadata.deletionTimestamp !== undefined
  return [...(isTied ? [keyFor(kind, metadata)] : []), ...owners, ...dependents]
}

function dependentsOf({ followed }: Known, cached: Cached, uid: string): Found[] {
  return followed().flatMap((kind) =>
    cached
      .list(kind)
      .filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid))
      .map((object) => ({ kind, object })),
  )
}

function locate(kind: AnyKind, { name }: { name: string }, namespace: string | undefined) {
  return kind.scope === 'Namespaced' && namespace !== undefined ? { namespace, name } : { name }
}

async function reconcileObject(known: Known, key: string, view: View): Promise<void> {
  const [resource, namespace = '', name = ''] = key.split('|')
  const kind = known.followed().find((each) => resourceName(each) === resource)
  if (kind === undefined) return
  const object = await view.state.get(kind, {
    ...(namespace === '' ? {} : { namespace }),
    name,
  })
  if (object === undefined) return
  const finalizers = object.metadata.finalizers ?? []
  if (object.metadata.deletionTimestamp === undefined) return collect(known, view, { kind, object })
  if (finalizers.includes('orphan')) return orphan(known, view, { kind, object })
  if (finalizers.includes('foregroundDeletion'))
    return await foreground(known, view, { kind, object })
}

/** Goes when all of its owners are gone. */
async function collect(known: Known, { state }: View, { kind, object }: Found): Promise<void> {
  const { metadata } = object
  const references = metadata.ownerReferences ?? []
  if (references.length === 0) return
  for (const reference of references)
    if (await isOwnerThere(known, { state }, reference, metadata.namespace)) return
  await ignoreGone(state.delete(kind, metadata, { preconditions: { uid: metadata.uid } }))
}

async function isOwnerThere(
  { source }: Known,
  { state }: Pick<View, 'state'>,
  reference: OwnerReference,
  namespace: string | undefined,
): Promise<boolean> {
  const kind = findKind(source.kinds, reference)
  // Of a kind that we do not know, nothing can be said: better keep too much than too little.
  if (kind === undefined) return true
  const owner = await state.get(kind, locate(kind, reference, namespace))
  return owner?.metadata.uid === reference.uid
}

async function foreground(known: Known, view: View, { kind, object }: Found): Promise<void> {
  const dependents = dependentsOf(known, view.cached, object.metadata.uid)
  for (const { kind: own, object: dependent } of dependents)
    if (dependent.metadata.deletionTimestamp === undefined)
      await ignoreGone(
        view.state.delete(own, dependent.metadata, {
          preconditions: { uid: dependent.metadata.uid },
          propagationPolicy: 'Foreground',
        }),
      )
  const isWaiting = dependents.some(({ object: dependent }) =>
    dependent.metadata.ownerReferences?.some(
      (owner) => owner.uid === object.metadata.uid && owner.blockOwnerDeletion === true,
    ),
  )
  if (!isWaiting) await dropFinalizer(view, { kind, object }, 'foregroundDeletion')
}

async function orphan(known: Known, view: View, { kind, object }: Found): Promise<void> {
  for (const { kind: own, object: dependent } of dependentsOf(
    known,
    view.cached,
    object.metadata.uid,
  )) {
    const { ownerReferences = [], ...metadata } = dependent.metadata
    const others = ownerReferences.filter((owner) => owner.uid !== object.metadata.uid)
    const kept = others.length === 0 ? {} : { ownerReferences: others }
    const freed = { ...dependent, metadata: { ...metadata, ...kept } }
    await ignoreGone(view.state.update(own, freed as KubeObject))
  }
  await dropFinalizer(view, { kind, object }, 'orphan')
}

async function dropFinalizer({ state }: View, { kind, object }: Found, finalizer: string) {
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer)
  const freed = { ...object, metadata: { ...object.metadata, finalizers } }
  await ignoreGone(state.update(kind, freed as KubeObject))
}

async function ignoreGone(done: Promise<unknown>): Promise<void> {
  try {
    await done
  } catch (thrown) {
    if (!isApiError(thrown, 'NotFound')) throw thrown
  }
}
