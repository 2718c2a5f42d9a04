import { digestOf } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'

/** The name of a value by its content. */
export function contentDigest(value: unknown): Digest {
  return digestOf(canonicalJson(value))
}
