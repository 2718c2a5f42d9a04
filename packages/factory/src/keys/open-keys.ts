import { type KeyObject, X509Certificate, createPrivateKey } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrustedKey } from '@skerry/api/envelope'
import type { SigningKey } from '@skerry/artifact/dsse'
import { keyIdOf, trustedKeyOf } from '@skerry/artifact/key-id'
import { KeyError } from './key-error.ts'
import { type KeySet, type SecureBootKey, keyFiles, secureBootKeys } from './key-files.ts'
import { keyFileBytesMax } from './limits.ts'
import type { Signer } from './pkcs7.ts'

/** What everybody may know of the keys in a directory. */
export type PublicKeys = KeySet & {
  readonly certificates: Readonly<Record<SecureBootKey, X509Certificate>>
  /** Signs descriptions of images. */
  readonly imageKey: TrustedKey
}

/** Reads what is public; needs no passphrase. */
export async function readPublicKeys(directory: string): Promise<PublicKeys> {
  const set = parseKeySet(await readKeyFile(directory, keyFiles.set), join(directory, keyFiles.set))
  const certificates: Partial<Record<SecureBootKey, X509Certificate>> = {}
  for (const name of secureBootKeys) {
    const file = keyFiles.certificate(name)
    const text = await readKeyFile(directory, file)
    certificates[name] = parsed(join(directory, file), () => new X509Certificate(text))
  }
  const file = keyFiles.imagePublicKey
  const text = await readKeyFile(directory, file)
  return {
    ...set,
    certificates: certificates as Record<SecureBootKey, X509Certificate>,
    imageKey: parsed(join(directory, file), () => trustedKeyOf(text)),
  }
}

/** A key of Secure Boot with its certificate. */
export async function openSigner(
  directory: string,
  name: SecureBootKey,
  passphrase: string,
): Promise<Signer> {
  const { certificates } = await readPublicKeys(directory)
  const privateKey = await openPrivateKey(directory, name, passphrase)
  if (!certificates[name].checkPrivateKey(privateKey)) throw strangers(directory, name)
  return { privateKey, certificate: certificates[name] }
}

/** The key that signs descriptions of images. */
export async function openImageKey(directory: string, passphrase: string): Promise<SigningKey> {
  const { imageKey } = await readPublicKeys(directory)
  const privateKey = await openPrivateKey(directory, 'image', passphrase)
  if (keyIdOf(privateKey) !== imageKey.keyid) throw strangers(directory, 'image')
  return { privateKey, keyid: imageKey.keyid }
}

async function openPrivateKey(
  directory: string,
  name: SecureBootKey | 'image',
  passphrase: string,
): Promise<KeyObject> {
  const file = keyFiles.privateKey(name)
  const key = await readKeyFile(directory, file, { isPrivate: true })
  const path = join(directory, file)
  if (!key.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    throw new KeyError(
      'Damaged',
      `${path} is not an encrypted private key (PKCS #8, PEM): restore it from your backup.`,
    )
  try {
    return createPrivateKey({ key, passphrase })
  } catch {
    // A wrong passphrase gives wrong padding, or, by chance, bytes that are no key.
    throw new KeyError(
      'WrongPassphrase',
      `The passphrase does not open ${path}: give the one that the keys were created with, or restore the file from your backup.`,
    )
  }
}

async function readKeyFile(
  directory: string,
  name: string,
  { isPrivate = false }: { isPrivate?: boolean } = {},
): Promise<string> {
  const path = join(directory, name)
  try {
    await using file = await open(path, 'r')
    const { mode, uid, size } = await file.stat()
    if (isPrivate) checkOwner(path, mode, uid)
    if (size > keyFileBytesMax)
      throw new KeyError(
        'Damaged',
        `${path} has ${size} bytes where at most ${keyFileBytesMax} are expected: it is not a key.`,
      )
    return await file.readFile('utf8')
  } catch (error) {
    if (error instanceof KeyError) throw error
    throw unreadable(directory, path, error as NodeJS.ErrnoException)
  }
}

function unreadable(directory: string, path: string, error: NodeJS.ErrnoException): KeyError {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    return new KeyError(
      'Missing',
      path.endsWith(keyFiles.set)
        ? `${directory} is not a directory of keys (it has no ${keyFiles.set}): make one with \`skerry keys create\`.`
        : `${path} is missing: restore it from your backup.`,
    )
  return new KeyError(
    'Permissions',
    `${path} cannot be read (${error.code ?? error.message}): run this as the owner of the keys.`,
  )
}

function checkOwner(path: string, mode: number, uid: number): void {
  const own = process.getuid?.()
  if ((mode & 0o077) !== 0)
    throw new KeyError(
      'Permissions',
      `${path} may be read by other users (mode ${(mode & 0o777).toString(8)}): run \`chmod 600 ${path}\`.`,
    )
  if (own !== undefined && own !== 0 && uid !== own)
    throw new KeyError(
      'Permissions',
      `${path} belongs to user ${uid}, not to you (${own}): copy the keys to a directory of your own.`,
    )
}

function parseKeySet(text: string, path: string): KeySet {
  const value = parsed(path, () => JSON.parse(text) as Partial<KeySet> | null)
  if (
    value?.version !== 1 ||
    typeof value.name !== 'string' ||
    typeof value.owner !== 'string' ||
    !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value.owner) ||
    !Number.isSafeInteger(value.createdAtMs)
  )
    throw damaged(path)
  return value as KeySet
}

function parsed<T>(path: string, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw damaged(path)
  }
}

const damaged = (path: string): KeyError =>
  new KeyError('Damaged', `${path} is damaged: restore it from your backup.`)

const strangers = (directory: string, name: string): KeyError =>
  new KeyError(
    'Damaged',
    `The private and the public part of ${join(directory, name)} do not belong together: restore both from your backup.`,
  )
