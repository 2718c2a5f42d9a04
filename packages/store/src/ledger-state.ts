import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject, ObjectKey, StoredObject } from '@skerry/api/object'
import type {
  ListOptions,
  NewObject,
  State,
  UpdateOptions,
  WriteOptions,
  UntypedState,
} from '@skerry/api/state'
import { ApiError, isApiError } from '@skerry/api/status'
import type { TextState } from '@skerry/api/text-state'
import { createWrite, deleteWrite, rowOf, updateWrite } from './decide-write.ts'
import type { KeptText } from './kept-text.ts'
import type { Ledger, Write } from './ledger.ts'
import { generatedNameTriesMax, listTriesMax } from './limits.ts'
import { listTexts } from './list-texts.ts'
import { isStorable } from './row-key.ts'
import { shownText } from './shown-text.ts'
import type { WatchHub } from './watch-hub.ts'
import { watchObjects, watchTexts } from './watch-stream.ts'

export type LedgerStateOptions = {
  readonly ledger: Ledger
  readonly watchHub: WatchHub
  readonly clock: Clock
  readonly random: Random
  /** When given, no other kind exists. */
  readonly kinds?: readonly AnyKind[] | undefined
}

/** `State` and its texts over a ledger: the same for memory and PostgreSQL. */
export function createLedgerState(options: LedgerStateOptions): State & TextState {
  const { ledger, clock } = options
  const known = options.kinds && new Set(options.kinds.map(resourceName))
  const assertKnown = (kind: AnyKind): void => {
    if (known && !known.has(resourceName(kind)))
      throw new ApiError('NotFound', 'the server could not find the requested resource')
  }
  const getText = async (kind: AnyKind, key: ObjectKey): Promise<KeptText | undefined> => {
    assertKnown(kind)
    if (!isStorable(key.name, key.namespace)) return undefined
    const kept = await ledger.get(rowOf(kind, key))
    return kept && shownText(kind, kept)
  }
  const write = async (kind: AnyKind, make: () => Promise<KeptText>): Promise<KeptText> => {
    assertKnown(kind)
    return shownText(kind, await make())
  }
  const createText = (kind: AnyKind, object: NewObject, writeOptions: WriteOptions = {}) =>
    write(kind, () => createObject(options, kind, { object, options: writeOptions }))
  const updateText = (kind: AnyKind, object: KubeObject, updateOptions: UpdateOptions = {}) =>
    write(kind, async () =>
      ledger.write(guarded(updateWrite(kind, object, updateOptions, clock.now()), updateOptions)),
    )
  const state: UntypedState = {
    get: async (kind, key) => (await getText(kind, key))?.fresh(),
    list: async (kind, listOptions = {}) => {
      assertKnown(kind)
      return listObjects(ledger, kind, listOptions)
    },
    create: async (...args) => (await createText(...args)).fresh(),
    update: async (...args) => (await updateText(...args)).fresh(),
    delete: async (kind, key, deleteOptions = {}) => {
      const removing = () =>
        ledger.write(guarded(deleteWrite(kind, key, deleteOptions, clock.now()), deleteOptions))
      return (await write(kind, async () => removing())).fresh()
    },
    watch: (kind, watchOptions) => {
      assertKnown(kind)
      return watchObjects(options, kind, watchOptions)
    },
  }
  const texts: TextState = {
    getText,
    createText,
    updateText,
    listTexts: async (kind, pageOptions = {}) => {
      assertKnown(kind)
      return listTexts(ledger, kind, pageOptions)
    },
    watchTexts: (kind, watchOptions) => {
      assertKnown(kind)
      return watchTexts(options, kind, watchOptions)
    },
    version: async () => String(await ledger.version()),
  }
  // The kind says of what type its objects are; admission has made it true.
  return { ...(state as State), ...texts }
}

/** All of a list as objects. One that is so long that its version is forgotten meanwhile begins anew. */
async function listObjects(
  ledger: Ledger,
  kind: AnyKind,
  options: ListOptions,
): Promise<{ items: StoredObject[]; resourceVersion: string }> {
  for (let attempt = 1; ; attempt += 1)
    try {
      const page = await listTexts(ledger, kind, options)
      const items: StoredObject[] = []
      for await (const texts of page.slices)
        for (const text of texts) items.push((text as KeptText).fresh())
      return { items, resourceVersion: page.resourceVersion }
    } catch (thrown) {
      if (attempt === listTriesMax || !isApiError(thrown, 'Expired')) throw thrown
    }
}

/** A write that asks once more under the lock whether it may be. */
function guarded(write: Write, { assertMayWrite }: WriteOptions): Write {
  if (assertMayWrite === undefined) return write
  return {
    ...write,
    decide: (view) => {
      assertMayWrite()
      return write.decide(view)
    },
  }
}

async function createObject(
  { ledger, clock, random }: LedgerStateOptions,
  kind: AnyKind,
  { object, options }: { readonly object: NewObject; readonly options: WriteOptions },
): Promise<KeptText> {
  const isGenerated = (object.metadata?.name ?? '') === ''
  for (let attempt = 1; ; attempt += 1) {
    const context = { nowMs: clock.now(), uid: random.uuid(), suffix: random.suffix(5) }
    try {
      return await ledger.write(guarded(createWrite(kind, object, options, context), options))
    } catch (thrown) {
      const mayRetry = isGenerated && attempt < generatedNameTriesMax
      if (!mayRetry || !isApiError(thrown, 'AlreadyExists')) throw thrown
    }
  }
}
