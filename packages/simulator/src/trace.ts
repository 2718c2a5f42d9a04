import { createHash } from 'node:crypto'

/** Everything that was said in a world, and when, as one number: two runs are the same, or they are not. */
export type Trace = {
  /** Something that happened, with the bytes that travelled. */
  note(atMs: number, what: string, bytes?: Uint8Array | string): void
  readonly messages: number
  readonly bytes: number
  /** SHA-256 of all that was noted so far, hexadecimal. */
  digest(): string
}

export function createTrace(): Trace {
  const hash = createHash('sha256')
  let messages = 0
  let total = 0
  return {
    note(atMs, what, bytes = '') {
      messages += 1
      total += bytes.length
      hash.update(`${atMs} ${what} ${bytes.length}\n`)
      if (bytes.length > 0) hash.update(bytes)
    },
    get messages() {
      return messages
    },
    get bytes() {
      return total
    },
    digest: () => hash.copy().digest('hex'),
  }
}
