import type { AnyKind } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import type { NewObject, State, WatchEvent } from '@skerry/api/state'
import { ApiError } from '@skerry/api/status'
import { resourceName } from '@skerry/api/kind'

/**
 * A state in which every kind is there in its own shape: what is kept in that of another kind is
 * turned on the way in and out. The one place where `Kind.keptAs` is looked at.
 */
export function keptAsState(state: State): State {
  const shaped: UntypedState = {
    get: async (kind, key) => {
      const object = await state.get(keptKind(kind), key)
      return object === undefined ? undefined : fromKept(kind, object)
    },
    list: async (kind, options) => {
      const list = await state.list(keptKind(kind), options)
      return kind.keptAs === undefined
        ? list
        : { ...list, items: list.items.map((item) => fromKept(kind, item)) }
    },
    create: async (kind, object, options) => {
      if (kind.isEnding === true) throw endingError(kind, object)
      const kept = kind.keptAs?.toKept(object as KubeObject) ?? object
      return fromKept(kind, await state.create(keptKind(kind), kept, options))
    },
    update: async (kind, object, options) => {
      const kept = kind.keptAs?.toKept(object) ?? object
      return fromKept(kind, await state.update(keptKind(kind), kept, options))
    },
    delete: async (kind, key, options) =>
      fromKept(kind, await state.delete(keptKind(kind), key, options)),
    watch: (kind, options) => {
      const watch = state.watch(keptKind(kind), options)
      return kind.keptAs === undefined ? watch : shapedEvents(kind, watch)
    },
  }
  return shaped as State
}

type UntypedState = {
  [Method in keyof State]: (
    ...args: Parameters<State[Method]>
  ) => Method extends 'watch'
    ? AsyncIterable<WatchEvent>
    : Method extends 'get'
      ? Promise<StoredObject | undefined>
      : Method extends 'list'
        ? Promise<{ items: StoredObject[]; resourceVersion: string }>
        : Promise<StoredObject>
}

export function keptKind(kind: AnyKind): AnyKind {
  return kind.keptAs?.kind ?? kind
}

export function fromKept(kind: AnyKind, object: StoredObject): StoredObject {
  return kind.keptAs?.fromKept(object) ?? object
}

async function* shapedEvents(
  kind: AnyKind,
  events: AsyncIterable<WatchEvent>,
): AsyncIterable<WatchEvent> {
  for await (const event of events)
    yield event.type === 'BOOKMARK' ? event : { ...event, object: fromKept(kind, event.object) }
}

function endingError(kind: AnyKind, object: NewObject): ApiError {
  const name = object.metadata.name ?? ''
  return new ApiError(
    'Forbidden',
    `${resourceName(kind)} "${name}" is forbidden: create not allowed while custom resource definition is terminating`,
    { name, group: kind.group, kind: kind.plural },
  )
}
