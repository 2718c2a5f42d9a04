import { createHash } from 'node:crypto'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'

/** The name of a value by its content. */
export function contentDigest(value: unknown): Digest {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`
}
