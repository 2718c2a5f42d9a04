import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import type { NewObject, State, WatchEvent, UntypedState } from '@skerry/api/state'
import { ApiError } from '@skerry/api/status'
import type { StoredText, TextEvent, TextState } from '@skerry/api/text-state'

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

/** The same for reading texts: those of a kind that is kept in its own shape pass untouched. */
export function keptAsTexts(texts: TextState): TextState {
  const shared = new WeakMap<AnyKind, WeakMap<readonly TextEvent[], readonly TextEvent[]>>()
  return {
    getText: async (kind, key) => {
      const item = await texts.getText(keptKind(kind), key)
      return item === undefined ? undefined : shapedText(kind, item)
    },
    createText: async (kind, object, options) => {
      if (kind.isEnding === true) throw endingError(kind, object)
      const kept = kind.keptAs?.toKept(object as KubeObject) ?? object
      return shapedText(kind, await texts.createText(keptKind(kind), kept, options))
    },
    updateText: async (kind, object, options) => {
      const kept = kind.keptAs?.toKept(object) ?? object
      return shapedText(kind, await texts.updateText(keptKind(kind), kept, options))
    },
    listTexts: async (kind, options) => {
      const page = await texts.listTexts(keptKind(kind), options)
      return kind.keptAs === undefined ? page : { ...page, slices: shapedSlices(kind, page.slices) }
    },
    watchTexts: (kind, options) => {
      const watch = texts.watchTexts(keptKind(kind), options)
      if (kind.keptAs === undefined) return watch
      const made = shared.get(kind) ?? new WeakMap<readonly TextEvent[], readonly TextEvent[]>()
      shared.set(kind, made)
      return shapedTextEvents(kind, watch, made)
    },
    version: () => texts.version(),
  }
}

function shapedText(kind: AnyKind, item: StoredText): StoredText {
  if (kind.keptAs === undefined) return item
  const object = fromKept(kind, item.object)
  return { object, text: JSON.stringify(object) }
}

async function* shapedSlices(
  kind: AnyKind,
  slices: AsyncIterable<readonly StoredText[]>,
): AsyncIterable<readonly StoredText[]> {
  for await (const slice of slices) yield slice.map((item) => shapedText(kind, item))
}

/** Watchers that want the same get the very same lists, as before. */
async function* shapedTextEvents(
  kind: AnyKind,
  lists: AsyncIterable<readonly TextEvent[]>,
  made: WeakMap<readonly TextEvent[], readonly TextEvent[]>,
): AsyncIterable<readonly TextEvent[]> {
  for await (const list of lists) {
    const shaped =
      made.get(list) ??
      list.map((event) =>
        event.type === 'BOOKMARK' ? event : { ...event, item: shapedText(kind, event.item) },
      )
    made.set(list, shaped)
    yield shaped
  }
}

function endingError(kind: AnyKind, object: NewObject): ApiError {
  const name = object.metadata.name ?? ''
  return new ApiError(
    'Forbidden',
    `${resourceName(kind)} "${name}" is forbidden: create not allowed while custom resource definition is terminating`,
    { name, group: kind.group, kind: kind.plural },
  )
}
