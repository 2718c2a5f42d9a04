import { createHash } from 'node:crypto'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Digest } from '@skerry/base/digest'
import { type Random, systemRandom } from '@skerry/base/random'
import { digestOf } from './digest-of.ts'
import { imageManifestType } from './oci-manifest.ts'
import {
  manifestBytesMax,
  resumeDelayMsMax,
  resumeFirstDelayMs,
  resumesWithoutProgressMax,
  uploadChunkBytes,
} from './limits.ts'
import type { RegistryAnswer, RegistryRequest, RegistryTransport } from './registry-transport.ts'

/** The registry answered, and the answer is no. */
export class RegistryError extends Error {
  readonly status: number
  /** OCI's word for it, such as `DIGEST_INVALID`. */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'RegistryError'
    this.status = status
    this.code = code
  }
}

export type PushBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** The bytes from `offset`; asked again with another offset when a transfer is taken up again. */
  readonly read: (offset: number) => AsyncIterable<Uint8Array>
  readonly onProgress?: (sentBytes: number) => void
}

/** A client of one registry (OCI distribution specification 1.1). */
export type RegistryClient = {
  /** Size of a blob, or undefined. */
  hasBlob(repository: string, digest: Digest): Promise<number | undefined>
  /** Sends a blob in pieces unless it is there; goes on where a lost connection stopped. */
  pushBlob(repository: string, blob: PushBlob): Promise<void>
  pushManifest(repository: string, reference: string, bytes: Uint8Array): Promise<Digest>
  pullManifest(repository: string, reference: string): Promise<Uint8Array>
  /** Bytes of a blob; goes on where a lost connection stopped, and fails at the end if they are wrong. */
  pullBlob(repository: string, digest: Digest): AsyncIterable<Uint8Array>
}

export type RegistryClientOptions = {
  /** `https://host:port`, without `/v2/`. */
  readonly registry: string
  readonly transport: RegistryTransport
  readonly clock: Clock
  readonly random?: Random
  readonly signal?: AbortSignal
}

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const base = `${options.registry.replace(/\/$/, '')}/v2`
  const link: Link = { ...options, base, random: options.random ?? systemRandom }
  return {
    async hasBlob(repository, digest) {
      const answer = await ask(link, {
        method: 'HEAD',
        url: `${base}/${repository}/blobs/${digest}`,
      })
      await discard(answer)
      if (answer.status === 404) return undefined
      if (answer.status !== 200) throw await errorOf(answer)
      return Number(answer.header('content-length') ?? 0)
    },
    async pushBlob(repository, blob) {
      if ((await this.hasBlob(repository, blob.digest)) === undefined)
        await uploadInPieces(link, repository, blob)
      blob.onProgress?.(blob.sizeBytes)
    },
    async pushManifest(repository, reference, bytes) {
      const answer = await ask(link, {
        method: 'PUT',
        url: `${base}/${repository}/manifests/${reference}`,
        headers: { 'content-type': imageManifestType },
        body: bytes,
      })
      if (answer.status !== 201) throw await errorOf(answer)
      await discard(answer)
      return digestOf(bytes)
    },
    async pullManifest(repository, reference) {
      const answer = await ask(link, {
        method: 'GET',
        url: `${base}/${repository}/manifests/${reference}`,
        headers: { accept: imageManifestType },
      })
      if (answer.status !== 200) throw await errorOf(answer)
      return collect(answer.body, manifestBytesMax)
    },
    pullBlob: (repository, digest) =>
      pullResuming(link, `${base}/${repository}/blobs/${digest}`, digest),
  }
}

type Link = RegistryClientOptions & { readonly base: string; readonly random: Random }

const ask = (link: Link, request: RegistryRequest) =>
  link.transport({ ...request, signal: link.signal })

async function uploadInPieces(link: Link, repository: string, blob: PushBlob): Promise<void> {
  const begun = await ask(link, {
    method: 'POST',
    url: `${link.base}/${repository}/blobs/uploads/`,
  })
  if (begun.status !== 202) throw await errorOf(begun)
  await discard(begun)
  const location = new URL(begun.header('location') ?? '', `${link.base}/`).href
  let offset = 0
  let failures = 0
  while (offset < blob.sizeBytes) {
    const before = offset
    try {
      offset = await sendPieces(link, location, { ...blob, offset })
      failures = 0
    } catch (error) {
      if (error instanceof RegistryError && !isPassing(error.status)) throw error
      await pause(link, (failures += 1), error)
      offset = (await uploadedBytes(link, location)) ?? before
      if (offset > before) failures = 0
    }
  }
  const url = withDigest(location, blob.digest)
  const finished = await ask(link, { method: 'PUT', url }).catch(async (error: unknown) => {
    // The answer was lost; the deed may be done, and the upload is gone then.
    await pause(link, 1, error)
    return ask(link, { method: 'HEAD', url: `${link.base}/${repository}/blobs/${blob.digest}` })
  })
  if (finished.status !== 201 && finished.status !== 200) throw await errorOf(finished)
  await discard(finished)
}

/** A full disk (507) does not empty itself: whoever pushes hears of it at once. */
const isPassing = (status: number) => status >= 500 && status !== 507

async function sendPieces(
  link: Link,
  location: string,
  blob: PushBlob & { readonly offset: number },
): Promise<number> {
  let { offset } = blob
  for await (const piece of piecesOf(blob.read(offset), uploadChunkBytes)) {
    const answer = await ask(link, {
      method: 'PATCH',
      url: location,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${offset}-${offset + piece.length - 1}`,
      },
      body: piece,
    })
    if (answer.status !== 202) throw await errorOf(answer)
    await discard(answer)
    offset += piece.length
    blob.onProgress?.(offset)
  }
  if (offset < blob.sizeBytes)
    throw new RegistryError(
      400,
      'SIZE_INVALID',
      `The file ended after ${offset} of ${blob.sizeBytes} bytes: it changed while it was read.`,
    )
  return offset
}

/** Where the registry says that the upload stands, or undefined when it does not answer. */
async function uploadedBytes(link: Link, location: string): Promise<number | undefined> {
  const answer = await ask(link, { method: 'GET', url: location }).catch(() => undefined)
  if (answer === undefined) return undefined
  await discard(answer)
  if (answer.status === 404)
    throw new RegistryError(
      404,
      'BLOB_UPLOAD_UNKNOWN',
      'The registry forgot the upload: try again.',
    )
  const end = /^(?:bytes=)?0-(\d+)$/.exec(answer.header('range') ?? '')?.[1]
  const isEmpty = answer.header('x-skerry-upload-bytes') === '0'
  return end === undefined ? (isEmpty ? 0 : undefined) : isEmpty ? 0 : Number(end) + 1
}

async function* pullResuming(link: Link, url: string, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let offset = 0
  let failures = 0
  for (;;) {
    try {
      const answer = await ask(link, {
        method: 'GET',
        url,
        headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
      })
      if (answer.status !== (offset === 0 ? 200 : 206)) throw await errorOf(answer)
      for await (const chunk of answer.body) {
        hash.update(chunk)
        offset += chunk.length
        failures = 0
        yield chunk
      }
      break
    } catch (error) {
      if (error instanceof RegistryError && !isPassing(error.status)) throw error
      await pause(link, (failures += 1), error)
    }
  }
  const actual = `sha256:${hash.digest('hex')}`
  if (actual !== digest)
    throw new RegistryError(
      200,
      'DIGEST_INVALID',
      `The registry sent bytes with the digest ${actual} for ${digest}.`,
    )
}

async function pause(link: Link, failures: number, error: unknown): Promise<void> {
  if (link.signal?.aborted || failures > resumesWithoutProgressMax) throw error
  const limits = { firstMs: resumeFirstDelayMs, maxMs: resumeDelayMsMax }
  await link.clock.sleep(backoffMs(failures - 1, limits, link.random), link.signal)
}

async function* piecesOf(
  source: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of source) {
    let rest = chunk
    while (heldBytes + rest.length >= pieceBytes) {
      const taken = pieceBytes - heldBytes
      yield Buffer.concat([...held, rest.subarray(0, taken)])
      rest = rest.subarray(taken)
      held = []
      heldBytes = 0
    }
    held.push(rest)
    heldBytes += rest.length
  }
  if (heldBytes > 0) yield Buffer.concat(held)
}

function withDigest(location: string, digest: Digest): string {
  const url = new URL(location)
  url.searchParams.set('digest', digest)
  return url.href
}

async function discard(answer: RegistryAnswer): Promise<void> {
  for await (const _ of answer.body) continue
}

const errorBytesMax = 64 * 1024

async function errorOf(answer: RegistryAnswer): Promise<RegistryError> {
  const text = Buffer.from(await collect(answer.body, errorBytesMax)).toString('utf8')
  const first = firstError(text)
  const code = first?.code ?? `HTTP_${answer.status}`
  return new RegistryError(
    answer.status,
    code,
    first?.message ?? `The registry answered ${answer.status}.`,
  )
}

function firstError(text: string): { code: string; message: string } | undefined {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] }
    const code = errors?.[0]?.code ?? 'UNKNOWN'
    return errors?.[0] === undefined ? undefined : { code, message: errors[0].message ?? code }
  } catch {
    return undefined
  }
}

async function collect(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > bytesMax)
      throw new RegistryError(502, 'SIZE_INVALID', `The answer has more than ${bytesMax} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
