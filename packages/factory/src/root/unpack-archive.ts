import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { Digest } from '@skerry/base/digest'
import { layerBytesMax } from './limits.ts'
import { RootError } from './root-error.ts'

export type ArchiveForm = 'tar' | 'gzip' | 'zstd' | 'xz'

/** By its first bytes: names and media types are not to be relied on. */
export async function archiveForm(path: string): Promise<ArchiveForm> {
  await using file = await open(path, 'r')
  const first = Buffer.alloc(8)
  await file.read(first, 0, first.length, 0)
  if (first.readUInt16BE(0) === 0x1f8b) return 'gzip'
  if (first.readUInt32BE(0) === 0x28b52ffd) return 'zstd'
  return first.toString('latin1', 0, 6) === '\u00fd7zXZ\0' ? 'xz' : 'tar'
}

export type UnpackedArchive = {
  /** Of the file as it was. */
  readonly digest: Digest
  readonly unpackedBytes: number
}

/**
 * Writes an archive without its compression (gzip, zstd or none), and says what its bytes were. Stops at the
 * size that a layer can have, so that a small file cannot fill the disk.
 */
export async function unpackArchive(
  path: string,
  to: string,
  signal?: AbortSignal,
): Promise<UnpackedArchive> {
  const form = await archiveForm(path)
  if (form === 'xz') throw new RootError(`${path} is compressed by xz: unpack it before.`)
  const hash = createHash('sha256')
  let unpackedBytes = 0
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      unpackedBytes += chunk.length
      if (unpackedBytes <= layerBytesMax) done(null, chunk)
      else done(new RootError(`${path} unpacks to more than ${layerBytesMax} bytes.`))
    },
  })
  const decompressor =
    form === 'gzip' ? [createGunzip()] : form === 'zstd' ? [createZstdDecompress()] : []
  try {
    await pipeline(
      [
        createReadStream(path, { highWaterMark: 2 ** 20 }),
        hashed,
        ...decompressor,
        bounded,
        createWriteStream(to, { flags: 'wx', flush: true }),
      ],
      signal === undefined ? {} : { signal },
    )
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!/^(Z_|ERR_|ZSTD)/.test(code)) throw error
    throw new RootError(`${path} cannot be unpacked (${code}): it is broken, fetch it again.`)
  }
  return { digest: `sha256:${hash.digest('hex')}`, unpackedBytes }
}
