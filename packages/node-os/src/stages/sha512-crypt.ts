import { hash } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const roundsDefault = 5000
const roundsMin = 1000
const roundsMax = 999_999_999

/**
 * A password as /etc/shadow keeps it: SHA-crypt with SHA-512, method 6 of crypt(3) (Drepper, "Unix crypt using
 * SHA-256 and SHA-512"). At most 16 characters of the salt count.
 */
export function sha512Crypt(password: string, salt: string, rounds?: number): string {
  const key = Buffer.from(password)
  const saltBytes = Buffer.from(salt.slice(0, 16))
  const count = Math.min(roundsMax, Math.max(roundsMin, rounds ?? roundsDefault))
  // One call each is cheaper than an object that is updated, five thousand times.
  const sha = (...parts: readonly Uint8Array[]) => hash('sha512', Buffer.concat(parts), 'buffer')
  const alternate = sha(key, saltBytes, key)
  const first: Uint8Array[] = [key, saltBytes, stretched(alternate, key.length)]
  for (let bits = key.length; bits > 0; bits >>>= 1) first.push((bits & 1) === 1 ? alternate : key)
  let digest = sha(...first)
  const keyPart = stretched(sha(...Array.from({ length: key.length }, () => key)), key.length)
  const saltPart = stretched(
    sha(...Array.from({ length: 16 + digest[0]! }, () => saltBytes)),
    saltBytes.length,
  )
  for (let round = 0; round < count; round++) {
    const isOdd = round % 2 === 1
    digest = sha(
      isOdd ? keyPart : digest,
      ...(round % 3 === 0 ? [] : [saltPart]),
      ...(round % 7 === 0 ? [] : [keyPart]),
      isOdd ? digest : keyPart,
    )
  }
  const shown = rounds === undefined ? '' : `rounds=${count}$`
  return `$6$${shown}${saltBytes.toString()}$${encoded(digest)}`
}

function stretched(digest: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => digest[index % digest.length]!)
}

/** Three bytes at a time become four letters, in an order of its own. */
function encoded(digest: Uint8Array): string {
  const letters: string[] = []
  const put = (value: number, count: number) => {
    for (let index = 0; index < count; index++)
      letters.push(alphabet[(value >>> (6 * index)) & 63]!)
  }
  for (let index = 0; index < 21; index++) {
    const places = [index, index + 21, index + 42] as const
    const turn = index % 3
    const [high, middle, low] = [places[turn]!, places[(turn + 1) % 3]!, places[(turn + 2) % 3]!]
    put((digest[high]! << 16) | (digest[middle]! << 8) | digest[low]!, 4)
  }
  put(digest[63]!, 2)
  return letters.join('')
}
