import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type OsImageDescription,
  osImageArtifactType,
  osImageDescriptionSchema,
} from '@skerry/api/os/os-image-description'
import { formatProblem } from '@skerry/api/problem'
import { validateSchema } from '@skerry/api/schema-validate'
import { digestOf } from '@skerry/artifact/digest-of'
import { parseEnvelope } from '@skerry/artifact/dsse'
import { manifestBytesMax } from '@skerry/artifact/limits'
import { parseManifest } from '@skerry/artifact/oci-manifest'
import { type Digest, isDigest } from '@skerry/base/digest'
import { isPlainObject } from '@skerry/base/json'

/** What was built, as it lies in an OCI layout. */
export type ReadArtifact = {
  /** Of the image, without its version. */
  readonly name: string
  readonly description: OsImageDescription
  readonly keyid: string
  readonly manifest: Uint8Array
  readonly manifestDigest: Digest
  /** The config: the signed description. */
  readonly envelope: { readonly digest: Digest; readonly sizeBytes: number }
  /** Everything that the manifest names, the config last. */
  readonly blobs: readonly ArtifactBlob[]
}
export type ArtifactBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly file: string
}

/** The directory holds no image of ours that is whole. */
export class ArtifactError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ArtifactError'
  }
}

/**
 * Reads the one image of a layout and looks whether its parts are there with their sizes. Their digests are
 * left to whoever they are sent to, and signatures to `skerry image inspect` and the devices.
 */
export async function readArtifact(directory: string): Promise<ReadArtifact> {
  const refuse = (message: string) => new ArtifactError(`${directory} ${message}`)
  const index = parseObject(await readSmall(directory, 'index.json'))
  const entries: unknown[] = Array.isArray(index?.['manifests']) ? index['manifests'] : []
  const ours = entries
    .filter(isPlainObject)
    .filter((each) => each['artifactType'] === osImageArtifactType)
  const [entry] = ours
  if (entry === undefined || ours.length > 1)
    throw refuse(
      `holds ${ours.length} OS images: name a directory that \`skerry image build\` wrote.`,
    )
  const { digest } = entry
  if (typeof digest !== 'string' || !isDigest(digest))
    throw refuse('has an index without a digest.')
  const manifestBytes = await readSmall(directory, blobPath(digest))
  if (digestOf(manifestBytes) !== digest) throw refuse('was changed: its manifest is another one.')
  const parsed = parseManifest(manifestBytes)
  if (!parsed.ok) throw refuse(`has a manifest that ${parsed.message}.`)
  const { config, layers } = parsed.manifest
  const configBytes = await readSmall(directory, blobPath(config.digest))
  const envelope = parseEnvelope(parseObject(configBytes))
  if (envelope === undefined) throw refuse('has no signed description: build it again.')
  const description = parseObject(envelope.payload)
  const problems = validateSchema(osImageDescriptionSchema, description, 'description')
  if (problems.length > 0) throw refuse(`has a wrong description: ${formatProblem(problems[0]!)}.`)
  const blobs: ArtifactBlob[] = []
  for (const { digest: blob, size } of [...layers, config]) {
    const file = join(directory, blobPath(blob))
    const found = await stat(file).catch(() => undefined)
    if (found?.size !== size)
      throw refuse(
        `is not whole: ${blob} ${found === undefined ? 'is missing' : `has ${found.size} of ${size} bytes`}. Build it again.`,
      )
    blobs.push({ digest: blob, sizeBytes: size, file })
  }
  const { version } = description as OsImageDescription
  return {
    name: nameOf(entry, version),
    description: description as OsImageDescription,
    keyid: envelope.signatures[0]?.keyid ?? '',
    manifest: manifestBytes,
    manifestDigest: digest,
    envelope: { digest: config.digest, sizeBytes: config.size },
    blobs,
  }
}

function nameOf(entry: Record<string, unknown>, version: string): string {
  const annotations = isPlainObject(entry['annotations']) ? entry['annotations'] : {}
  const named = annotations['org.opencontainers.image.ref.name']
  const isOurs = typeof named === 'string' && /^[a-z0-9][a-z0-9.-]*$/.test(named)
  const ending = `-${version}`
  return isOurs && named.endsWith(ending) ? named.slice(0, -ending.length) : 'image'
}

const blobPath = (digest: Digest) => join('blobs', ...digest.split(':'))

async function readSmall(directory: string, name: string): Promise<Buffer> {
  const path = join(directory, name)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true || found.size > manifestBytesMax)
    throw new ArtifactError(
      `${path} is missing or too large: name a directory that \`skerry image build\` wrote.`,
    )
  return readFile(path)
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return isPlainObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
