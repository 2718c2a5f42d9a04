/** Seconds between 1900, where NTP counts from, and 1970. */
const epochSeconds = 2_208_988_800
const messageBytes = 48

/** SNTP, RFC 4330: version 4, from a client. */
export function ntpRequest(): Uint8Array {
  const message = new Uint8Array(messageBytes)
  message[0] = 0x23
  return message
}

/** Milliseconds since 1970, or undefined if this is no answer of a server that knows the time. */
export function readNtpAnswer(message: Uint8Array): number | undefined {
  if (message.length < messageBytes) return undefined
  const mode = message[0]! & 7
  const leap = message[0]! >> 6
  const stratum = message[1]!
  // Leap 3 and stratum 0 or 16: the server has no time itself.
  if (mode !== 4 || leap === 3 || stratum === 0 || stratum > 15) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const seconds = view.getUint32(40)
  const fraction = view.getUint32(44) / 2 ** 32
  // From 2036 on the count begins anew: half of the range is before, half after.
  const era = seconds < 2 ** 31 ? 2 ** 32 : 0
  return seconds === 0 ? undefined : (seconds + era - epochSeconds + fraction) * 1000
}
