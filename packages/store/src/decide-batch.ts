import { toError } from '@skerry/base/assert'
import { parseJson } from '@skerry/base/json'
import { ApiError } from '@skerry/api/status'
import type { StoredObject } from '@skerry/api/object'
import type { Change, Decision, Write } from './ledger.ts'
import { objectBytesMax } from './limits.ts'
import { type RowKey, rowKeyText } from './row-key.ts'

/** What becomes of one write of a batch: the object to answer, or the refusal. */
export type Outcome =
  | { readonly ok: true; readonly object: StoredObject }
  | { readonly ok: false; readonly error: Error }

/** A change and its object as the exact text to store. */
export type TextChange = Change & { readonly afterText: string | undefined }

export type DecidedBatch = {
  readonly outcomes: readonly Outcome[]
  readonly changes: readonly TextChange[]
}

/**
 * Runs the decisions of a batch in order, each seeing what those before it did. A refusal concerns its
 * own write only. Pure: `rows` is what the lock holder read.
 */
export function decideBatch(
  writes: readonly Write[],
  rows: ReadonlyMap<string, StoredObject>,
  lastVersion: number,
): DecidedBatch {
  const changed = new Map<string, StoredObject | undefined>()
  const read = (row: RowKey): StoredObject | undefined => {
    const key = rowKeyText(row)
    return changed.has(key) ? changed.get(key) : rows.get(key)
  }
  const changes: TextChange[] = []
  const outcomes = writes.map((write): Outcome => {
    const current = read(write.row)
    try {
      const namespace = write.within === undefined ? undefined : read(namespaceRow(write.within))
      const version = lastVersion + changes.length + 1
      const decision = write.decide({ current, namespace })
      const stored = storedForm(decision, version)
      if (stored.text !== undefined || decision.action === 'remove') {
        const after = decision.action === 'remove' ? undefined : stored.object
        changes.push({ version, row: write.row, before: current, after, afterText: stored.text })
        changed.set(rowKeyText(write.row), after)
      }
      return { ok: true, object: stored.object }
    } catch (thrown) {
      return { ok: false, error: toError(thrown) }
    }
  })
  return { outcomes, changes }
}

export function namespaceRow(name: string): RowKey {
  return { resource: 'namespaces', namespace: '', name }
}

/** The object with its version, as it reads back from its text. */
function storedForm(
  { action, object }: Decision,
  version: number,
): { object: StoredObject; text: string | undefined } {
  if (action === 'keep') return { object, text: undefined }
  const versioned = {
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(version) },
  }
  if (action === 'remove') return { object: versioned, text: undefined }
  const text = JSON.stringify(versioned)
  const bytes = text.length > objectBytesMax ? text.length : Buffer.byteLength(text)
  if (bytes > objectBytesMax)
    throw new ApiError(
      'RequestEntityTooLarge',
      `The object has ${bytes} bytes of JSON; at most ${objectBytesMax} are kept: move large content into an artifact.`,
    )
  return { object: parseJson(text) as StoredObject, text }
}
