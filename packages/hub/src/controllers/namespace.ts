import type { AnyKind } from '@skerry/api/kind'
import { kinds } from '@skerry/api/kinds'
import { type Namespace, namespaceKind } from '@skerry/api/kinds/core'
import { isApiError } from '@skerry/api/status'
import { type Controller, type Outcome, type View, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { namespaceSweepObjectsMax } from './limits.ts'

/** Keeps a namespace until what is in it is gone. */
export const namespaceFinalizer = 'skerry.dev/contents'

const lookAgainMs = 200

/** Empties a namespace that is being deleted, then lets it go. */
export const namespaceController: Controller = {
  name: 'namespace',
  reads: [reads(namespaceKind, ({ metadata }) => [metadata.name])],
  owns: [
    [namespaceKind, 'phase'],
    [namespaceKind, 'conditions'],
  ],
  reconcile: reconcileNamespace,
}

async function reconcileNamespace(name: string, view: View): Promise<Outcome> {
  const { state } = view
  const namespace = await state.get(namespaceKind, { name })
  const isEnding = namespace === undefined || namespace.metadata.deletionTimestamp !== undefined
  if (!isEnding) {
    await setFinalizer(view, namespace, true)
    await updateStatus(state, namespaceKind, { name }, () => ({ phase: 'Active' }))
    return undefined
  }
  await updateStatus(state, namespaceKind, { name }, () => ({ phase: 'Terminating' }))
  const left = await deleteContents(view, name)
  if (left > 0) return { againAfterMs: lookAgainMs }
  if (namespace !== undefined) await setFinalizer(view, namespace, false)
  return undefined
}

/** How many objects are still there. */
async function deleteContents({ state }: View, namespace: string): Promise<number> {
  let left = 0
  const inside = kinds.filter((kind: AnyKind) => kind.scope === 'Namespaced')
  for (const kind of inside) {
    const { items } = await state.list(kind, { namespace })
    left += items.length
    for (const { metadata } of items.slice(0, namespaceSweepObjectsMax))
      if (metadata.deletionTimestamp === undefined)
        await state.delete(kind, metadata).catch((thrown: unknown) => {
          if (!isApiError(thrown, 'NotFound')) throw thrown
        })
  }
  return left
}

async function setFinalizer(
  { state }: View,
  namespace: Namespace,
  isWanted: boolean,
): Promise<void> {
  const fresh = await state.get(namespaceKind, { name: namespace.metadata.name })
  if (fresh === undefined) return
  const finalizers = fresh.metadata.finalizers ?? []
  if (finalizers.includes(namespaceFinalizer) === isWanted) return
  const next = isWanted
    ? [...finalizers, namespaceFinalizer]
    : finalizers.filter((each) => each !== namespaceFinalizer)
  await state.update(namespaceKind, {
    ...fresh,
    metadata: { ...fresh.metadata, finalizers: next },
  })
}
