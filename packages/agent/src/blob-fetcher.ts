import type { SiteLayer } from '@skerry/api/site-spec'
import { LinkError } from '@skerry/client/device-link'
import type { ReadableBus } from './bus.ts'
import type { ConnectionState } from './buses.ts'
import { DiskError } from './host.ts'
import type { BlobStore } from './state/blob-store.ts'
import { createInOrder } from './state/in-order.ts'

/** Fetches files one after the other beside everything else, as a link may need hours for one. */
export type BlobFetcher = {
  fetching(): { readonly digest: string; readonly receivedBytes: number }[]
  /** The end comes by `onEnd`, with what went wrong if anything did. */
  start(content: SiteLayer): void
  /** Lets go of what is not in this list any more. */
  keepOnly(digests: ReadonlySet<string>): void
}

export type BlobFetcherOptions = {
  readonly blobs: BlobStore
  readonly connection: ReadableBus<ConnectionState>
  readonly onProgress: () => void
  readonly onEnd: (content: SiteLayer, failure: string | undefined) => void
}

type Fetch = { receivedBytes: number; readonly stop: AbortController }

class FetchStopped extends Error {}

export function createBlobFetcher(options: BlobFetcherOptions): BlobFetcher {
  const { blobs, connection } = options
  const fetches = new Map<string, Fetch>()
  const inOrder = createInOrder()

  const fetchOne = async (content: SiteLayer, fetch: Fetch): Promise<string | undefined> => {
    const { digest, model } = content
    const { link, message } = connection.get()
    if (model === undefined) return `layer ${content.name} has no file to fetch`
    try {
      if (await blobs.adopt(digest)) return undefined
      if (link === undefined) return `the hub cannot be reached: ${message ?? 'not connected yet'}`
      const result = await blobs.receive({
        digest,
        sizeBytes: model.sizeBytes,
        open: (offset) =>
          until(fetch.stop.signal, link.fetchBlob(model.repository, digest, offset)),
        onProgress: (receivedBytes) => {
          const before = tenths(fetch.receivedBytes, model.sizeBytes)
          fetch.receivedBytes = receivedBytes
          if (tenths(receivedBytes, model.sizeBytes) !== before) options.onProgress()
        },
      })
      return result.ok ? undefined : result.message
    } catch (error) {
      if (error instanceof LinkError) return `${error.reason}: ${error.message}`
      if (error instanceof DiskError || error instanceof FetchStopped) return error.message
      throw error
    }
  }

  const run = async (content: SiteLayer, fetch: Fetch): Promise<void> => {
    const failure = await fetchOne(content, fetch)
    fetches.delete(content.digest)
    options.onEnd(content, failure)
  }

  return {
    fetching: () => [...fetches].map(([digest, { receivedBytes }]) => ({ digest, receivedBytes })),
    start(content) {
      if (fetches.has(content.digest)) return
      const fetch = { receivedBytes: 0, stop: new AbortController() }
      fetches.set(content.digest, fetch)
      void inOrder(() => run(content, fetch))
    },
    keepOnly(digests) {
      for (const [digest, { stop }] of fetches) if (!digests.has(digest)) stop.abort()
    },
  }
}

/** The same bytes until the signal aborts. */
async function* until(
  signal: AbortSignal,
  bytes: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    if (signal.aborted) throw new FetchStopped('nothing needs this file any more')
    yield chunk
  }
}

function tenths(receivedBytes: number, sizeBytes: number): number {
  return Math.floor((10 * receivedBytes) / sizeBytes)
}
