/** Where an object is stored. A kind that belongs to no namespace has the namespace `''`. */
export type RowKey = {
  /** `sites.skerry.dev` */
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

/** One text for a key; names hold no slash. */
export function rowKeyText(key: RowKey): string {
  return `${key.resource}/${key.namespace}/${key.name}`
}

/**
 * Whether a text can be in the store at all. PostgreSQL refuses U+0000 in text, and no name has it,
 * so such a question has the answer of any name that is not there.
 */
export function isStorable(...texts: (string | undefined)[]): boolean {
  return texts.every(
    (text) => text === undefined || (typeof text === 'string' && !text.includes('\u0000')),
  )
}
