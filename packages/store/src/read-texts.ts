import type { BodyCodec } from './body-seal.ts'
import type { KeptText } from './kept-text.ts'
import type { KnownTexts } from './known-texts.ts'
import { type RowKey, rowKeyText } from './row-key.ts'
import type { Queryable } from './sql/queryable.ts'
import { readRows } from './sql/read-rows.ts'

/** Reads rows as they are now, by key. What is still as it is known is not sent again. */
export async function readTexts(
  db: Queryable,
  keys: readonly RowKey[],
  { codec, known }: { readonly codec: BodyCodec; readonly known: KnownTexts },
): Promise<Map<string, KeptText>> {
  // Held here: what is known may be forgotten before the answer comes.
  const before = keys.map((row) => ({ row, ...known.get(row) }))
  const knownOf = new Map(before.map(({ row, kept }) => [rowKeyText(row), kept]))
  const found = await readRows(
    db,
    before.map(({ row: { resource, namespace, name }, version }) => {
      return { resource, namespace, name, known: version }
    }),
  )
  return new Map(
    found.map(({ version, body, ...row }) => {
      const key = rowKeyText(row)
      if (body === null) return [key, knownOf.get(key)!]
      const kept = codec.decode(body)
      known.set(row, version, kept)
      return [key, kept]
    }),
  )
}
