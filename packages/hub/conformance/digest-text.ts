import { createHash } from 'node:crypto'

/** Eight characters that stand for a text. */
export function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
