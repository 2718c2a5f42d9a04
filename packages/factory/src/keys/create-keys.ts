import { type KeyObject, generateKeyPair, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { trustedKeyOf } from '@skerry/artifact/key-id'
import { makeDirectory } from '@skerry/artifact/make-directory'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { syncDirectory, temporarySuffix } from '@skerry/artifact/write-file-atomic'
import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import { selfSignedCertificate } from './certificate.ts'
import { encryptPrivateKey, pem } from './encrypt-private-key.ts'
import { KeyError } from './key-error.ts'
import { type KeySet, keyFiles, secureBootKeys } from './key-files.ts'
import {
  ownerNameCharactersMax,
  passphraseBytesMax,
  passphraseCharactersMin,
  rsaModulusBits,
} from './limits.ts'

const generate = promisify(generateKeyPair)

export type CreateKeysRequest = {
  /** The owner, as a person will read it in the firmware's menu. */
  readonly name: string
  readonly passphrase: string
}

const purposes = { PK: 'platform key', KEK: 'key exchange key', db: 'image signing' } as const

/**
 * Makes the keys of a fleet: Secure Boot's three and the one that signs descriptions of images. The
 * directory appears whole, by one rename; one that is there already is never written to.
 */
export async function createKeys(
  directory: string,
  request: CreateKeysRequest,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<KeySet> {
  checkRequest(request)
  const target = resolve(directory)
  if (await isTaken(target)) throw taken(target)
  const set: KeySet = {
    version: 1,
    name: request.name,
    owner: random.uuid(),
    // Whole seconds: certificates know no smaller ones.
    createdAtMs: Math.floor(clock.now() / 1000) * 1000,
  }
  const files = await filesOf(set, request)
  const temporary = join(dirname(target), `.${basename(target)}.${random.uuid()}${temporarySuffix}`)
  await tellStorageErrors(dirname(target), async () => {
    makeDirectory(dirname(target))
    try {
      await mkdir(temporary, { mode: 0o700 })
      for (const [name, text] of Object.entries(files)) await writeNew(join(temporary, name), text)
      await syncDirectory(temporary)
      await renameInto(temporary, target)
      await syncDirectory(dirname(target))
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  })
  return set
}

async function filesOf(
  set: KeySet,
  { passphrase }: CreateKeysRequest,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const add = async (name: Parameters<typeof keyFiles.privateKey>[0], key: KeyObject) => {
    files[keyFiles.privateKey(name)] = await encryptPrivateKey(key, passphrase)
  }
  for (const name of secureBootKeys) {
    const { privateKey } = await generate('rsa', { modulusLength: rsaModulusBits })
    await add(name, privateKey)
    const certificate = selfSignedCertificate({
      organization: set.name,
      commonName: `${set.name} ${purposes[name]}`,
      privateKey,
      serial: randomBytes(16),
      notBeforeMs: set.createdAtMs,
    })
    files[keyFiles.certificate(name)] = pem('CERTIFICATE', certificate)
  }
  const image = await generate('ed25519', {})
  await add('image', image.privateKey)
  files[keyFiles.imagePublicKey] = trustedKeyOf(image.publicKey).publicKey
  files[keyFiles.set] = `${JSON.stringify(set, null, 2)}\n`
  return files
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The rename refuses a directory that holds anything, so that two at once cannot mix their keys. */
async function renameInto(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error
    throw taken(target)
  }
}

const taken = (target: string): KeyError =>
  new KeyError(
    'Exists',
    `${target} exists and is not empty: keys are never overwritten. Name another directory, or move it away.`,
  )

async function isTaken(target: string): Promise<boolean> {
  try {
    return (await readdir(target)).length > 0
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR'
  }
}

function checkRequest({ name, passphrase }: CreateKeysRequest): void {
  if (name.trim() === '' || name.length > ownerNameCharactersMax || /\p{Cc}/u.test(name))
    throw new KeyError(
      'Invalid',
      `The owner's name must be 1 to ${ownerNameCharactersMax} printable characters, but is ${JSON.stringify(name.slice(0, 100))}: give the name of whoever answers for the machines.`,
    )
  if (
    passphrase.length < passphraseCharactersMin ||
    Buffer.byteLength(passphrase) > passphraseBytesMax
  )
    throw new KeyError(
      'Invalid',
      `The passphrase must have at least ${passphraseCharactersMin} characters and at most ${passphraseBytesMax} bytes, but has ${passphrase.length} characters: choose another one.`,
    )
}
