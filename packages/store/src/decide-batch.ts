import { toError } from '@skerry/base/assert'
import type { StoredObject } from '@skerry/api/object'
import { ApiError } from '@skerry/api/status'
import { KeptText } from './kept-text.ts'
import type { Change, Decision, Write } from './ledger.ts'
import { objectBytesMax } from './limits.ts'
import { type RowKey, rowKeyText } from './row-key.ts'

/** What becomes of one write of a batch: the object to answer, or the refusal. */
export type Outcome =
  | { readonly ok: true; readonly kept: KeptText }
  | { readonly ok: false; readonly error: Error }

export type DecidedBatch = {
  readonly outcomes: readonly Outcome[]
  readonly changes: readonly Change[]
}

/**
 * Runs the decisions of a batch in order, each seeing what those before it did. A refusal concerns its
 * own write only. Pure: `rows` is what the lock holder read.
 */
export function decideBatch(
  writes: readonly Write[],
  rows: ReadonlyMap<string, KeptText>,
  lastVersion: number,
): DecidedBatch {
  const changed = new Map<string, KeptText | undefined>()
  const read = (row: RowKey): KeptText | undefined => {
    const key = rowKeyText(row)
    return changed.has(key) ? changed.get(key) : rows.get(key)
  }
  const changes: Change[] = []
  const outcomes = writes.map((write): Outcome => {
    const current = read(write.row)
    try {
      const namespace = write.within === undefined ? undefined : read(namespaceRow(write.within))
      const version = lastVersion + changes.length + 1
      const decision = write.decide({ current: current?.object, namespace: namespace?.object })
      if (decision.action === 'keep')
        return { ok: true, kept: unchangedForm(decision.object, current) }
      const kept = storedForm(decision, version)
      const after = decision.action === 'remove' ? undefined : kept
      changes.push({ version, row: write.row, before: current, after })
      changed.set(rowKeyText(write.row), after)
      return { ok: true, kept }
    } catch (thrown) {
      return { ok: false, error: toError(thrown) }
    }
  })
  return { outcomes, changes }
}

export function namespaceRow(name: string): RowKey {
  return { resource: 'namespaces', namespace: '', name }
}

/** What is answered when nothing is written: what is there, or what would have been. */
function unchangedForm(object: StoredObject, current: KeptText | undefined): KeptText {
  return current !== undefined && object === current.object
    ? current
    : new KeptText(JSON.stringify(object))
}

/** The object with its version, as the text to store. */
function storedForm({ action, object }: Decision, version: number): KeptText {
  const versioned = {
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(version) },
  }
  const text = JSON.stringify(versioned)
  if (action === 'remove') return new KeptText(text, versioned)
  const bytes = text.length > objectBytesMax ? text.length : Buffer.byteLength(text)
  if (bytes > objectBytesMax)
    throw new ApiError(
      'RequestEntityTooLarge',
      `The object has ${bytes} bytes of JSON; at most ${objectBytesMax} are kept: move large content into an artifact.`,
    )
  return new KeptText(text, versioned)
}
