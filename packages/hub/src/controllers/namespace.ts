import type { Clock } from '@skerry/base/clock'
import { setCondition } from '@skerry/api/condition'
import type { AnyKind } from '@skerry/api/kind'
import { type KindSource, storedKinds } from '@skerry/api/kind-source'
import { type Namespace, namespaceKind } from '@skerry/api/kinds/core'
import { finalizersOf, namespaceFinalizer } from '@skerry/api/kinds/namespace-rules'
import type { Condition } from '@skerry/api/object'
import { isApiError } from '@skerry/api/status'
import { type Controller, type Outcome, type View, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { namespaceSweepObjectsMax } from './limits.ts'

const lookAgainMs = 200

export type NamespaceControllerOptions = { readonly kinds: KindSource; readonly clock: Clock }

/** Empties a namespace that is being deleted, of everything that users brought too, then lets it go. */
export function createNamespaceController(options: NamespaceControllerOptions): Controller {
  return {
    name: 'namespace',
    reads: [reads(namespaceKind, ({ metadata }) => [metadata.name])],
    owns: [
      [namespaceKind, 'phase'],
      [namespaceKind, 'conditions'],
    ],
    reconcile: (name, view) => reconcileNamespace(name, view, options),
  }
}

async function reconcileNamespace(
  name: string,
  view: View,
  options: NamespaceControllerOptions,
): Promise<Outcome> {
  const { state } = view
  const namespace = await state.get(namespaceKind, { name })
  const isEnding = namespace === undefined || namespace.metadata.deletionTimestamp !== undefined
  if (!isEnding) {
    await setFinalizer(view, namespace, true)
    // By what it is when it is written: somebody may have deleted it since.
    await updateStatus(state, namespaceKind, { name }, ({ metadata, status }) => ({
      ...status,
      phase: metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating',
    }))
    return undefined
  }
  const left = await deleteContents(view, name, options.kinds)
  await updateStatus(state, namespaceKind, { name }, ({ status }) => ({
    phase: 'Terminating',
    conditions: contentConditions(left).reduce<Condition[]>(
      (conditions, next) => setCondition(conditions, next, options.clock.now()),
      status?.conditions ?? [],
    ),
  }))
  if (left.length > 0) return { againAfterMs: lookAgainMs }
  if (namespace === undefined) return undefined
  await dropFormerFinalizer(view, namespace)
  await setFinalizer(view, namespace, false)
  return undefined
}

/** What kept namespaces before `spec.finalizers` did; databases of that time still have it. */
const formerFinalizer = 'skerry.dev/contents'

async function dropFormerFinalizer({ state }: View, namespace: Namespace): Promise<void> {
  const finalizers = namespace.metadata.finalizers ?? []
  if (!finalizers.includes(formerFinalizer)) return
  const metadata = {
    ...namespace.metadata,
    finalizers: finalizers.filter((each) => each !== formerFinalizer),
  }
  await state.update(namespaceKind, { ...namespace, metadata })
}

/** What is still there of one kind, and who has to act before it goes. */
type Left = { readonly resource: string; readonly count: number; readonly finalizers: string[] }

async function deleteContents(
  { state }: View,
  namespace: string,
  kinds: KindSource,
): Promise<Left[]> {
  const left: Left[] = []
  const inside = storedKinds(kinds.kinds).filter((kind: AnyKind) => kind.scope === 'Namespaced')
  for (const kind of inside) {
    const { items } = await state.list(kind, { namespace })
    if (items.length > 0)
      left.push({
        resource: `${kind.plural}.${kind.group}`,
        count: items.length,
        finalizers: items.flatMap(({ metadata }) => metadata.finalizers ?? []),
      })
    for (const { metadata } of items.slice(0, namespaceSweepObjectsMax))
      if (metadata.deletionTimestamp === undefined)
        await state.delete(kind, metadata).catch((thrown: unknown) => {
          if (!isApiError(thrown, 'NotFound')) throw thrown
        })
  }
  return left
}

/** What keeps a namespace, in the words of Kubernetes' namespace controller. */
function contentConditions(left: readonly Left[]): Omit<Condition, 'lastTransitionTime'>[] {
  const counts = left.map(({ resource, count }) => `${resource} has ${count} resource instances`)
  const finalizers = Map.groupBy(
    left.flatMap((each) => each.finalizers),
    (name) => name,
  )
  const waiting = [...finalizers].map(
    ([name, all]) => `${name} in ${all.length} resource instances`,
  )
  return [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
    counts.length === 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${counts.join(', ')}`,
        },
    waiting.length === 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
        },
  ]
}

async function setFinalizer(
  { state }: View,
  namespace: Namespace,
  isWanted: boolean,
): Promise<void> {
  const fresh = await state.get(namespaceKind, { name: namespace.metadata.name })
  if (fresh === undefined) return
  const finalizers = finalizersOf(fresh)
  if (finalizers.includes(namespaceFinalizer) === isWanted) return
  const next = isWanted
    ? [...finalizers, namespaceFinalizer]
    : finalizers.filter((each) => each !== namespaceFinalizer)
  const spec = next.length === 0 ? {} : { finalizers: next }
  await state.update(namespaceKind, { ...fresh, spec }, { subresource: 'finalize' })
}
