import type { InferenceLimits } from './limits.ts'

/** Bodies below this are parsed as they are: whatever stands in them costs a few megabytes. */
const uncheckedBytes = 64 * 2 ** 10

const quoteByte = 0x22
const backslash = 0x5c
const openings = [0x5b, 0x7b]
const closings = [0x5d, 0x7d]

/**
 * What makes JSON text dearer to parse than its length says, found without building anything: depth, and
 * the number of lists, objects and strings (16 MiB of `{},` become 800 MiB and stand still for seconds;
 * 16 MiB of numbers 150 MiB).
 */
export function jsonProblem(
  bytes: Uint8Array,
  { jsonDepthMax, jsonStructuresMax }: Pick<InferenceLimits, 'jsonDepthMax' | 'jsonStructuresMax'>,
): string | undefined {
  if (bytes.length <= uncheckedBytes) return undefined
  let depth = 0
  let structures = 0
  let isText = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!
    if (isText) {
      if (byte === backslash) at += 1
      else if (byte === quoteByte) isText = false
    } else if (byte === quoteByte) {
      isText = true
      structures += 1
    } else if (byte === openings[0] || byte === openings[1]) {
      depth += 1
      structures += 1
      if (depth > jsonDepthMax) return `the JSON nests deeper than ${jsonDepthMax} levels`
    } else if (byte === closings[0] || byte === closings[1]) depth -= 1
  }
  return structures <= jsonStructuresMax
    ? undefined
    : `the JSON has ${structures} lists, objects and strings, and at most ${jsonStructuresMax} are read: send flat lists of numbers, or binary tensor data`
}
