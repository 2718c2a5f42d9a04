import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf, trustedKeyOf } from '@skerry/artifact/key-id'
import { signTrustedKeys } from '@skerry/artifact/trusted-keys'
import { readOrCreateKeyFile, replaceKeyFile } from './key-ring-file.ts'
import { signingKeysMax } from './limits.ts'

/** The Ed25519 keys that sign site specs. The newest signs; the older ones are still trusted. */
export type SigningKeys = {
  readonly current: () => SigningKey
  /** Newest first. */
  trusted(): readonly TrustedKey[]
  sign(payloadType: string, payload: Uint8Array): Envelope
  /** The trusted set as a document that a key older than the newest signed, so that every site can follow. */
  trustedSet(): Envelope
  /** Makes a new key that signs from now on. */
  rotate(): Promise<void>
  /** Stops trusting all keys but the newest: only when every site has heard of it. */
  withdrawOld(): Promise<void>
}

type KeyFile = { readonly version: number; readonly keys: readonly string[] }

export async function openSigningKeys(options: { readonly dir: string }): Promise<SigningKeys> {
  const path = join(options.dir, 'signing-keys.json')
  const first = () => JSON.stringify({ version: 1, keys: [newKey()] } satisfies KeyFile)
  let file = JSON.parse(await readOrCreateKeyFile(path, first)) as KeyFile
  let keys = file.keys.map(loadKey)
  const replace = async (next: KeyFile) => {
    await replaceKeyFile(path, JSON.stringify(next))
    file = next
    keys = next.keys.map(loadKey)
  }
  const trusted = () => keys.map((key) => trustedKeyOf(key.privateKey))
  return {
    current: () => keys[0]!,
    trusted,
    sign: (payloadType, payload) => signEnvelope(payloadType, payload, keys[0]!),
    trustedSet: () =>
      signTrustedKeys({ version: file.version, keys: trusted() }, keys[1] ?? keys[0]!),
    rotate: () =>
      replace({
        version: file.version + 1,
        keys: [newKey(), ...file.keys].slice(0, signingKeysMax),
      }),
    withdrawOld: () => replace({ version: file.version + 1, keys: file.keys.slice(0, 1) }),
  }
}

const newKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

function loadKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem)
  return { privateKey, keyid: keyIdOf(privateKey) }
}
