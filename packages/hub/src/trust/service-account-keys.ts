import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
} from 'node:crypto'
import { join } from 'node:path'
import { type JSONWebKeySet, type JWTPayload, SignJWT, compactVerify } from 'jose'
import { readOrCreateKeyFile, replaceKeyFile } from './key-ring-file.ts'
import { accountKeysMax, provedTokensMax } from './limits.ts'

/**
 * The ES256 keys that sign the tokens of service accounts. The newest signs; what older ones signed
 * stays good until they are withdrawn.
 */
export type ServiceAccountKeys = {
  sign(claims: JWTPayload): Promise<string>
  /** The payload, if one of the keys signed it. Nothing in it has been looked at. */
  verify(token: string): Promise<Record<string, unknown> | undefined>
  /** The public keys (RFC 7517). */
  keySet(): JSONWebKeySet
  rotate(): Promise<void>
  withdrawOld(): Promise<void>
}

const algorithm = 'ES256'

type AccountKey = {
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export async function openServiceAccountKeys(options: {
  readonly dir: string
}): Promise<ServiceAccountKeys> {
  const path = join(options.dir, 'service-account-keys.json')
  const first = () => JSON.stringify({ keys: [newKey()] })
  let { keys: pems } = JSON.parse(await readOrCreateKeyFile(path, first)) as { keys: string[] }
  let keys = pems.map(loadKey)
  // A controller shows the same token a thousand times; what was proved once need not be proved again.
  const proved = new Map<string, Record<string, unknown>>()
  const replace = async (next: string[]) => {
    await replaceKeyFile(path, JSON.stringify({ keys: next }))
    pems = next
    keys = next.map(loadKey)
    proved.clear()
  }
  return {
    sign: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid: keys[0]!.id })
        .sign(keys[0]!.privateKey),
    async verify(token) {
      const digest = createHash('sha256').update(token).digest('base64')
      const known = proved.get(digest)
      if (known !== undefined) return known
      const trusted = keys
      const payload = await provedPayload(token, trusted)
      if (payload === undefined || keys !== trusted) return payload
      if (proved.size >= provedTokensMax) proved.delete(proved.keys().next().value!)
      proved.set(digest, payload)
      return payload
    },
    keySet: () => ({
      keys: keys.map(({ id, publicKey }) => ({
        use: 'sig',
        alg: algorithm,
        kid: id,
        ...publicKey.export({ format: 'jwk' }),
      })) as JSONWebKeySet['keys'],
    }),
    rotate: () => replace([newKey(), ...pems].slice(0, accountKeysMax)),
    withdrawOld: () => replace(pems.slice(0, 1)),
  }
}

async function provedPayload(
  token: string,
  keys: readonly AccountKey[],
): Promise<Record<string, unknown> | undefined> {
  try {
    const { payload } = await compactVerify(token, ({ kid }) => keyOf(keys, kid), {
      algorithms: [algorithm],
    })
    return parseObject(payload)
  } catch {
    return undefined
  }
}

function keyOf(keys: readonly AccountKey[], id: string | undefined): KeyObject {
  const found = keys.find((key) => key.id === id)
  if (found === undefined) throw new Error('no key of this name')
  return found.publicKey
}

function parseObject(payload: Uint8Array): Record<string, unknown> | undefined {
  const value = JSON.parse(new TextDecoder().decode(payload)) as unknown
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

const newKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()

/** The name of a key is made from the key, as Kubernetes does it. */
function loadKey(pem: string): AccountKey {
  const privateKey = createPrivateKey(pem)
  const publicKey = createPublicKey(privateKey)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return { id: createHash('sha256').update(der).digest('base64url'), privateKey, publicKey }
}
