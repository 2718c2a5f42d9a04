/** Bodies below this are parsed as they are: nesting them all the way costs a few megabytes. */
const uncheckedBytes = 16 * 2 ** 10

/** Whether JSON text nests deeper than `depthMax`, found without building anything. */
export function isTooDeep(bytes: Uint8Array, depthMax: number): boolean {
  if (bytes.length <= uncheckedBytes) return false
  let depth = 0
  let isText = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!
    if (isText) {
      if (byte === 0x5c) at += 1
      else if (byte === 0x22) isText = false
    } else if (byte === 0x22) isText = true
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1
      if (depth > depthMax) return true
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1
  }
  return false
}
