import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import { createRegistryClient } from '@skerry/artifact/registry-client'
import type { RegistryTransport } from '@skerry/artifact/registry-transport'
import type { Clock } from '@skerry/base/clock'
import { type Digest, isDigest } from '@skerry/base/digest'
import { isPlainObject } from '@skerry/base/json'
import { parseImageReference } from './image-reference.ts'
import { configBytesMax, layersMax } from './limits.ts'
import { withTokens } from './registry-tokens.ts'
import { RootError } from './root-error.ts'

/** An image whose layers are not fetched yet. */
export type OciImage = {
  /** Of the manifest of this architecture. */
  readonly digest: Digest
  readonly layers: readonly OciLayer[]
  /** The bytes of a layer, as they are in the registry. */
  readonly open: (layer: OciLayer) => AsyncIterable<Uint8Array>
}
export type OciLayer = { readonly digest: Digest; readonly sizeBytes: number }

export type OciOptions = {
  readonly transport: RegistryTransport
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

type Source = {
  readonly name: string
  /** The first document: an index, or a manifest. */
  readonly first: () => Promise<Uint8Array>
  readonly document: (digest: Digest) => Promise<Uint8Array>
  readonly blob: (digest: Digest) => AsyncIterable<Uint8Array>
}

/** Finds an image in a layout directory or a registry, and in it what is meant for this architecture. */
export async function findOciImage(
  named: string,
  directory: string,
  options: OciOptions,
): Promise<OciImage> {
  const layout = resolve(directory, named)
  const isLayout = (await stat(join(layout, 'index.json')).catch(() => undefined)) !== undefined
  const source = isLayout ? layoutSource(layout) : registrySource(named, options)
  let bytes = await source.first()
  for (let depth = 0; depth < indexDepthMax; depth += 1) {
    const value = parseObject(bytes, source.name)
    if (!Array.isArray(value['manifests'])) return imageOf(value, digestOf(bytes), source)
    bytes = await source.document(chooseManifest(value['manifests'], source.name))
  }
  throw new RootError(`${source.name}: indexes within indexes: name the image itself.`)
}

const indexDepthMax = 4

/** The image for x86-64 Linux; the only one counts when it does not say what it is for. */
export function chooseManifest(manifests: readonly unknown[], name: string): Digest {
  const found = manifests.filter(isPlainObject).filter((each) => {
    const platform = each['platform']
    if (!isPlainObject(platform)) return manifests.length === 1
    return platform['architecture'] === 'amd64' && platform['os'] === 'linux'
  })
  const digest = found[0]?.['digest']
  if (typeof digest === 'string' && isDigest(digest)) return digest
  throw new RootError(
    `${name} holds no image for linux/amd64 among its ${manifests.length}: name one that does.`,
  )
}

function imageOf(manifest: Record<string, unknown>, digest: Digest, source: Source): OciImage {
  const { layers } = manifest
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > layersMax)
    throw new RootError(
      `${source.name} is no image with 1 to ${layersMax} layers: an image of a root file system is needed.`,
    )
  return {
    digest,
    layers: layers.map((layer: unknown) => layerOf(layer, source.name)),
    open: (layer) => source.blob(layer.digest),
  }
}

function layerOf(layer: unknown, name: string): OciLayer {
  const { digest, size, mediaType } = isPlainObject(layer) ? layer : {}
  if (typeof digest !== 'string' || !isDigest(digest) || !Number.isSafeInteger(size))
    throw new RootError(`${name} has a layer without digest or size: build the image again.`)
  if (typeof mediaType === 'string' && !/tar/.test(mediaType))
    throw new RootError(`${name} has a layer of type ${mediaType}, which is no file system.`)
  return { digest, sizeBytes: size as number }
}

function layoutSource(layout: string): Source {
  const pathOf = (digest: Digest) => join(layout, 'blobs', ...digest.split(':'))
  const read = async (path: string) => {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || found.size > configBytesMax)
      throw new RootError(`${path} is missing or too large: copy the whole layout again.`)
    return readFile(path)
  }
  return {
    name: layout,
    first: () => read(join(layout, 'index.json')),
    document: async (digest) => {
      const bytes = await read(pathOf(digest))
      if (digestOf(bytes) === digest) return bytes
      throw new RootError(`${pathOf(digest)} was changed: copy the whole layout again.`)
    },
    blob: async function* (digest) {
      const path = pathOf(digest)
      if ((await stat(path).catch(() => undefined))?.isFile() !== true)
        throw new RootError(`${path} is missing: copy the whole layout again.`)
      yield* createReadStream(path, { highWaterMark: 2 ** 20 })
    },
  }
}

const accepted = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

function registrySource(named: string, options: OciOptions): Source {
  const found = parseImageReference(named)
  if (found === undefined)
    throw new RootError(
      `${JSON.stringify(named)} is neither the directory of an OCI layout nor a reference such as registry.example/name:tag.`,
    )
  const { registry, repository, reference } = found
  const transport = withTokens(options.transport)
  const client = createRegistryClient({
    registry,
    transport,
    clock: options.clock,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const fetchDocument = async (name: string) => {
    const answer = await transport({
      method: 'GET',
      url: `${registry}/v2/${repository}/manifests/${name}`,
      headers: { accept: accepted },
      signal: options.signal,
    })
    const bytes = await collect(answer.body, named)
    if (answer.status === 200) return bytes
    throw new RootError(
      `${named} cannot be had: the registry answered ${answer.status}. Check the name, and whether the image is public.`,
    )
  }
  const checked = async (digest: Digest) => {
    const bytes = await fetchDocument(digest)
    if (digestOf(bytes) === digest) return bytes
    throw new RootError(`${named}: the registry sent another document than ${digest}.`)
  }
  return {
    name: named,
    first: () => (isDigest(reference) ? checked(reference) : fetchDocument(reference)),
    document: checked,
    blob: (digest) => client.pullBlob(repository, digest),
  }
}

async function collect(body: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > configBytesMax)
      throw new RootError(`${name}: a document of more than ${configBytesMax} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseObject(bytes: Uint8Array, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (isPlainObject(value)) return value
  } catch {
    // Said below: the engine's words help nobody.
  }
  throw new RootError(`${name}: a document of the image is not JSON: fetch or build it again.`)
}
