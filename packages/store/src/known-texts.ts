import type { KeptText } from './kept-text.ts'
import { knownTextsCharactersMax, knownTextsMax } from './limits.ts'
import { type RowKey, rowKeyText } from './row-key.ts'

/** What a row held at a version. */
export type KnownText = { readonly version: number; readonly kept: KeptText }

/**
 * What was read or written lately, so that a row which is still at that version is neither sent nor parsed
 * again. It is never believed: the database is asked for the version each time, and no version comes
 * twice, so what is known of one is true for ever.
 */
export type KnownTexts = {
  get(row: RowKey): KnownText | undefined
  set(row: RowKey, version: number, kept: KeptText): void
  delete(row: RowKey): void
}

export type KnownTextsLimits = { readonly textsMax: number; readonly charactersMax: number }

export function createKnownTexts(
  { textsMax, charactersMax }: KnownTextsLimits = {
    textsMax: knownTextsMax,
    charactersMax: knownTextsCharactersMax,
  },
): KnownTexts {
  // In the order of their last use.
  const texts = new Map<string, KnownText>()
  let characters = 0
  const take = (key: string): KnownText | undefined => {
    const known = texts.get(key)
    if (known === undefined || !texts.delete(key)) return undefined
    characters -= known.kept.text.length
    return known
  }
  const put = (key: string, known: KnownText): void => {
    texts.set(key, known)
    characters += known.kept.text.length
  }
  return {
    get: (row) => {
      const key = rowKeyText(row)
      const known = take(key)
      if (known !== undefined) put(key, known)
      return known
    },
    set: (row, version, kept) => {
      const key = rowKeyText(row)
      take(key)
      if (kept.text.length * 4 > charactersMax) return
      put(key, { version, kept })
      for (const oldest of texts.keys()) {
        if (texts.size <= textsMax && characters <= charactersMax) return
        take(oldest)
      }
    },
    delete: (row) => void take(rowKeyText(row)),
  }
}
