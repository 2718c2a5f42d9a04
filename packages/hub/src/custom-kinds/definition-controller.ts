import type { Clock } from '@skerry/base/clock'
import { setCondition } from '@skerry/api/condition'
import { acceptNames } from '@skerry/api/custom-kinds/accept-names'
import { type Definition, isConditionTrue } from '@skerry/api/custom-kinds/definition'
import { type AnyKind, defineKind } from '@skerry/api/kind'
import {
  type CustomResourceDefinition,
  customResourceDefinitionKind,
  definitionFinalizer,
} from '@skerry/api/kinds/custom-resource-definition'
import type { Condition } from '@skerry/api/object'
import { anyObject } from '@skerry/api/schema'
import { isApiError } from '@skerry/api/status'
import { type Controller, type Outcome, type View, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { closingMs, sweepAgainMs, sweptObjectsMax } from './limits.ts'

export type DefinitionControllerOptions = {
  readonly builtIn: readonly AnyKind[]
  readonly clock: Clock
}

const kind = customResourceDefinitionKind

/** Accepts the names of definitions, and takes the objects of one that goes with it. */
export function createDefinitionController(options: DefinitionControllerOptions): Controller {
  return {
    name: 'custom-resource-definition',
    reads: [
      // Who waits for a name of the same group may get it now.
      reads(kind, ({ metadata, spec }, cached) => [
        metadata.name,
        ...cached
          .list(kind)
          .filter((other) => other.spec.group === spec.group && !hasItsNames(other))
          .map((other) => other.metadata.name),
      ]),
    ],
    owns: [
      [kind, 'conditions'],
      [kind, 'acceptedNames'],
      [kind, 'storedVersions'],
    ],
    reconcile: (name, view) => reconcile(name, view, options),
  }
}

const hasItsNames = (definition: CustomResourceDefinition): boolean =>
  isConditionTrue(definition as Definition, 'NamesAccepted')

async function reconcile(
  name: string,
  view: View,
  options: DefinitionControllerOptions,
): Promise<Outcome> {
  const { state } = view
  const definition = await state.get(kind, { name })
  if (definition === undefined) return undefined
  if (definition.metadata.deletionTimestamp !== undefined) return end(definition, view, options)
  const { items } = await state.list(kind)
  const nowMs = options.clock.now()
  await updateStatus(state, kind, { name }, (fresh) => {
    const accepted = acceptNames(fresh as Definition, items as Definition[], options.builtIn)
    const named = withCondition(fresh.status?.conditions, accepted.namesAccepted, nowMs)
    return {
      conditions: withCondition(named, accepted.established, nowMs),
      acceptedNames: accepted.acceptedNames as never,
    }
  })
  return undefined
}

type Conditions = NonNullable<CustomResourceDefinition['status']>['conditions']

function withCondition(
  conditions: Conditions,
  next: { type: string; status: string; reason?: string; message?: string },
  nowMs: number,
): NonNullable<Conditions> {
  return setCondition(
    conditions as Condition[] | undefined,
    next as Omit<Condition, 'lastTransitionTime'>,
    nowMs,
  )
}

/** First no new objects, then none at all, then it may go. */
async function end(
  definition: CustomResourceDefinition,
  { state }: View,
  { clock }: DefinitionControllerOptions,
): Promise<Outcome> {
  const { name, finalizers = [] } = definition.metadata
  if (!finalizers.includes(definitionFinalizer)) return undefined
  if (!isConditionTrue(definition as Definition, 'Terminating')) {
    await updateStatus(state, kind, { name }, ({ status }) => ({
      conditions: withCondition(
        status?.conditions,
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionInProgress',
          message: 'CustomResource deletion is in progress',
        },
        clock.now(),
      ),
    }))
    return { againAfterMs: closingMs }
  }
  const left = await deleteObjects(definition, { state })
  if (left > 0) return { againAfterMs: sweepAgainMs }
  const fresh = await state.get(kind, { name })
  if (fresh === undefined) return undefined
  const others = (fresh.metadata.finalizers ?? []).filter((each) => each !== definitionFinalizer)
  const freed = { ...fresh, metadata: { ...fresh.metadata, finalizers: others } }
  await state.update(kind, freed)
  return undefined
}

/** How many objects are still there. */
async function deleteObjects(
  { spec }: CustomResourceDefinition,
  { state }: Pick<View, 'state'>,
): Promise<number> {
  const gone = shapelessKind(spec)
  const { items } = await state.list(gone)
  for (const { metadata } of items.slice(0, sweptObjectsMax))
    if (metadata.deletionTimestamp === undefined)
      await state.delete(gone, metadata).catch((thrown: unknown) => {
        if (!isApiError(thrown, 'NotFound')) throw thrown
      })
  return items.length
}

/** The kind without its rules: whatever its objects look like, they go. */
function shapelessKind(spec: CustomResourceDefinition['spec']): AnyKind {
  return defineKind({
    group: spec.group,
    version: spec.versions.find(({ storage }) => storage)?.name ?? spec.versions[0]!.name,
    kind: spec.names.kind,
    plural: spec.names.plural,
    scope: spec.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    description: '',
    schema: anyObject('An object that goes.'),
    hasStatus: false,
  })
}
