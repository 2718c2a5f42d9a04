import { createHash } from 'node:crypto'
import type { Envelope } from '@skerry/api/envelope'
import type { SiteLayer } from '@skerry/api/site-spec'
import { isPlainObject } from '@skerry/base/json'
import { LinkError } from '@skerry/client/device-link'
import {
  type ImageSource,
  type OsActResult,
  type OsRefusal,
  refusalsOfTheImage,
} from '@skerry/node-os/upgrade/os-machine'
import type { ReadableBus } from '../bus.ts'
import type { ConnectionState } from '../buses.ts'
import type { ImageMachine, ImageShelf } from './image-machine.ts'
import { imageEnvelopeBytesMax } from './limits.ts'

export type InstallOptions = {
  readonly machine: ImageMachine
  readonly connection: ReadableBus<ConnectionState>
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** Whether a refusal speaks against the image itself; the rest may be otherwise in a minute. */
export function isAgainstImage(reason: OsRefusal): boolean {
  return refusalsOfTheImage.some((each) => each === reason)
}

/**
 * Brings the image of a layer into a slot, from a directory that has it or else from the hub. Wrong bytes
 * in a directory say nothing about the image: the next place is asked.
 */
export async function installImage(
  options: InstallOptions,
  content: SiteLayer,
  signal: AbortSignal,
): Promise<OsActResult> {
  const missed: string[] = []
  for (const { source, isShelf } of await placesOf(options, content)) {
    const result = await installFrom(options, { content, source }, signal)
    if (result.ok || signal.aborted) return result
    const isForThisPlaceOnly =
      result.reason === 'Source' || (isShelf && isAgainstImage(result.reason))
    if (!isForThisPlaceOnly) return result
    missed.push(`${source.name}: ${result.message}`)
  }
  return refused('Source', missed.join('; '))
}

type Place = { readonly source: ImageSource; readonly isShelf: boolean }

async function placesOf({ machine, connection }: InstallOptions, content: SiteLayer) {
  const places: Place[] = []
  for (const shelf of machine.shelves)
    if (await hasAll(shelf, content)) places.push({ source: shelf, isShelf: true })
  places.push({ source: hubSource(connection, content.os?.repository ?? ''), isShelf: false })
  return places
}

async function hasAll(shelf: ImageShelf, { os }: SiteLayer): Promise<boolean> {
  const digests = [os?.envelope.digest, os?.root.digest, os?.kernel.digest]
  const found = await Promise.all(digests.map((digest) => shelf.has(digest ?? '')))
  return found.every(Boolean)
}

/** The hub's registry by whatever connection there is at the moment. */
function hubSource(connection: ReadableBus<ConnectionState>, repository: string): ImageSource {
  return {
    name: 'the hub',
    async *open(digest, offset) {
      const { link, message } = connection.get()
      if (link === undefined)
        throw new Error(`the hub cannot be reached: ${message ?? 'not connected yet'}`)
      try {
        yield* link.fetchBlob(repository, digest, offset)
      } catch (error) {
        if (error instanceof LinkError)
          throw new Error(`${error.reason}: ${error.message}`, { cause: error })
        throw error
      }
    },
  }
}

async function installFrom(
  { machine, onProgress }: InstallOptions,
  { content, source }: { readonly content: SiteLayer; readonly source: ImageSource },
  signal: AbortSignal,
): Promise<OsActResult> {
  const read = await readEnvelope(source, content)
  if (!read.ok) return read
  const { digest } = content
  const { trustedKeys, os } = machine
  return os.install({ digest, envelope: read.envelope, trustedKeys, source, onProgress }, signal)
}

type ReadEnvelope =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly reason: OsRefusal; readonly message: string }

/** The signed description as the spec names it; who signed it is for the machine to judge. */
async function readEnvelope(source: ImageSource, { os }: SiteLayer): Promise<ReadEnvelope> {
  const digest = os?.envelope.digest ?? ''
  const collected = await collect(source, digest)
  if (!collected.ok) return collected
  const { bytes } = collected
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  if (found !== digest)
    return refused(
      'Source',
      `the description of the image has digest ${found} instead of ${digest}`,
    )
  const envelope = parse(bytes.toString('utf8'))
  if (!isPlainObject(envelope) || typeof envelope['payload'] !== 'string')
    return refused('Signature', 'the description of the image is not a signed envelope')
  const described = parse(Buffer.from(envelope['payload'], 'base64').toString('utf8'))
  const imageId = isPlainObject(described) ? described['imageId'] : undefined
  if (imageId !== os?.imageId)
    return refused(
      'Digest',
      `the site spec wants image ${os?.imageId}, and the description is of ${String(imageId)}: push the image again`,
    )
  return { ok: true, envelope: envelope as Envelope }
}

async function collect(
  source: ImageSource,
  digest: string,
): Promise<{ ok: true; bytes: Buffer } | { ok: false; reason: OsRefusal; message: string }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of source.open(digest, 0)) {
      bytes += chunk.length
      if (bytes > imageEnvelopeBytesMax)
        return refused('Source', `the description is larger than ${imageEnvelopeBytesMax} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    // Whatever a source rejects with means that it could not.
    return refused('Source', error instanceof Error ? error.message : String(error))
  }
  return { ok: true, bytes: Buffer.concat(chunks) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(reason: OsRefusal, message: string) {
  return { ok: false, reason, message } as const
}
