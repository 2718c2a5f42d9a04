import { X509Certificate } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrustedKey } from '@skerry/api/envelope'
import { keyIdOf } from '@skerry/artifact/key-id'
import { trustedImageKeysFile } from '../keys/export-keys.ts'
import { KeyError } from '../keys/key-error.ts'
import { keyFiles } from '../keys/key-files.ts'
import { readPublicKeys } from '../keys/open-keys.ts'
import { trustFileBytesMax } from './limits.ts'

/** Whose signatures count. Empty: nobody's is known, and a signature can only be told from a broken one. */
export type Trust = {
  readonly certificates: readonly X509Certificate[]
  readonly imageKeys: readonly TrustedKey[]
}

export const noTrust: Trust = { certificates: [], imageKeys: [] }

/**
 * Reads whose signatures count: directories of keys, what `skerry keys export` wrote, certificates (PEM or
 * DER), lists of image keys (JSON). Rejects with a KeyError.
 */
export async function readTrust(paths: readonly string[]): Promise<Trust> {
  const parts = await Promise.all(paths.map(readOne))
  return {
    certificates: parts.flatMap(({ certificates }) => certificates),
    imageKeys: parts.flatMap(({ imageKeys }) => imageKeys),
  }
}

async function readOne(path: string): Promise<Trust> {
  if (!(await isDirectory(path))) return parseTrust(path, await readBounded(path))
  if (await exists(join(path, keyFiles.set))) {
    const { certificates, imageKey } = await readPublicKeys(path)
    return { certificates: [certificates.db], imageKeys: [imageKey] }
  }
  const exported = [keyFiles.certificate('db'), trustedImageKeysFile].map((file) =>
    join(path, file),
  )
  const [certificate, keys] = await Promise.all(
    exported.map(async (file) => parseTrust(file, await readBounded(file))),
  )
  return { certificates: certificate!.certificates, imageKeys: keys!.imageKeys }
}

/** A list of trusted keys, or undefined when it is none. Takes any text. */
export function parseTrustedKeys(text: string): TrustedKey[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return undefined
    const areTrue = value.every(
      (key: Partial<TrustedKey> | null) =>
        typeof key?.publicKey === 'string' && keyIdOf(key.publicKey) === key.keyid,
    )
    return areTrue ? (value as TrustedKey[]) : undefined
  } catch {
    return undefined
  }
}

function parseTrust(path: string, bytes: Buffer): Trust {
  const imageKeys = parseTrustedKeys(bytes.toString('utf8'))
  if (imageKeys !== undefined) return { certificates: [], imageKeys }
  try {
    return { certificates: [new X509Certificate(bytes)], imageKeys: [] }
  } catch {
    throw new KeyError(
      'Damaged',
      `${path} is neither a certificate (PEM or DER) nor a list of image keys (JSON): name a directory of keys, or what \`skerry keys export\` wrote.`,
    )
  }
}

async function readBounded(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    if (size <= trustFileBytesMax) return await file.readFile()
  } catch (error) {
    throw missing(path, error)
  }
  throw new KeyError(
    'Damaged',
    `${path} has more than ${trustFileBytesMax} bytes: it is not a key.`,
  )
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    throw missing(path, error)
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

function missing(path: string, error: unknown): KeyError {
  const { code, message } = error as NodeJS.ErrnoException
  return new KeyError('Missing', `${path} cannot be read (${code ?? message}): name another file.`)
}
