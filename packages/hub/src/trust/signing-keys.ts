import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, systemClock } from '@skerry/base/clock'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf, trustedKeyOf } from '@skerry/artifact/key-id'
import { signTrustedKeys } from '@skerry/artifact/trusted-keys'
import { readOrCreateKeyFile, replaceKeyFile } from './key-ring-file.ts'
import { signingKeyWaitMs, signingKeysMax } from './limits.ts'

/**
 * The Ed25519 keys that sign site specs. A new key is trusted at once but signs only after every device
 * has renewed its certificate and with that heard of it; older keys stay trusted until withdrawn.
 */
export type SigningKeys = {
  readonly current: () => SigningKey
  /** Newest first. */
  trusted(): readonly TrustedKey[]
  sign(payloadType: string, payload: Uint8Array): Envelope
  /** The trusted set as a document that every one of the keys signed: who knows one of them can follow. */
  trustedSet(): Envelope
  /** Makes a new key; `atOnce` when the current one is not to be used any more, whoever must renew first. */
  rotate(options?: { readonly atOnce?: boolean }): Promise<void>
  /** Stops trusting the keys older than the one that signs: only when every site has heard of it. */
  withdrawOld(): Promise<void>
}

type KeyFile = {
  readonly version: number
  /** Newest first. */
  readonly keys: readonly { readonly key: string; readonly signsFromMs: number }[]
}

export async function openSigningKeys(options: {
  readonly dir: string
  readonly clock?: Pick<Clock, 'now'>
}): Promise<SigningKeys> {
  const { clock = systemClock } = options
  const path = join(options.dir, 'signing-keys.json')
  const first: () => KeyFile = () => ({ version: 1, keys: [newKey(0)] })
  let file = JSON.parse(await readOrCreateKeyFile(path, () => JSON.stringify(first()))) as KeyFile
  let keys = file.keys.map(loadKey)
  const replace = async (next: Omit<KeyFile, 'version'>) => {
    const changed = { ...next, version: file.version + 1 }
    await replaceKeyFile(path, JSON.stringify(changed))
    file = changed
    keys = changed.keys.map(loadKey)
  }
  /** The newest key that may sign already; the oldest if the clock says that none may. */
  const currentIndex = () => {
    const found = file.keys.findIndex((key) => clock.now() >= key.signsFromMs)
    return found === -1 ? keys.length - 1 : found
  }
  const current = () => keys[currentIndex()]!
  const trusted = () => keys.map((key) => trustedKeyOf(key.privateKey))
  return {
    current,
    trusted,
    sign: (payloadType, payload) => signEnvelope(payloadType, payload, current()),
    trustedSet() {
      const set = { version: file.version, keys: trusted() }
      const signed = keys.map((key) => signTrustedKeys(set, key))
      return { ...signed[0]!, signatures: signed.flatMap(({ signatures }) => signatures) }
    },
    rotate: ({ atOnce = false } = {}) =>
      replace({
        keys: [newKey(clock.now() + (atOnce ? 0 : signingKeyWaitMs)), ...file.keys].slice(
          0,
          signingKeysMax,
        ),
      }),
    withdrawOld: () => replace({ keys: file.keys.slice(0, currentIndex() + 1) }),
  }
}

const newKey = (signsFromMs: number): KeyFile['keys'][number] => ({
  key: generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  signsFromMs,
})

function loadKey({ key }: KeyFile['keys'][number]): SigningKey {
  const privateKey = createPrivateKey(key)
  return { privateKey, keyid: keyIdOf(privateKey) }
}
