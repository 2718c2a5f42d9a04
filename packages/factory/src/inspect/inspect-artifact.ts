import { createReadStream } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type OsImageDescription,
  osImageArtifactType,
  osImageConfigType,
  osImageDescriptionSchema,
  osImagePayloadType,
  osKernelLayerType,
  osProvenanceLayerType,
  osRootLayerType,
  osSbomLayerType,
} from '@skerry/api/os/os-image-description'
import { validateSchema } from '@skerry/api/schema-validate'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import { parseEnvelope, verifyEnvelope } from '@skerry/artifact/dsse'
import { envelopePayloadBytesMax, manifestBytesMax } from '@skerry/artifact/limits'
import { type Descriptor, type ImageManifest, parseManifest } from '@skerry/artifact/oci-manifest'
import { verityLayout } from '@skerry/artifact/verity-tree'
import { isDigest } from '@skerry/base/digest'
import { openDiskFile } from '../lab/disk-view.ts'
import { peBytesMax } from '../pe/limits.ts'
import type { Notes } from './finding.ts'
import { inspectKernel } from './inspect-kernel.ts'
import { type ExpectedRoot, inspectRoot } from './inspect-root.ts'
import { artifactsMax, indexBytesMax } from './limits.ts'
import type { Trust } from './trust.ts'

/** Looks into an OCI layout: each OS image in it, its signature, its files. */
export async function inspectArtifacts(
  notes: Notes,
  directory: string,
  trust: Trust,
  signal?: AbortSignal,
): Promise<void> {
  const index = await readBounded(join(directory, 'index.json'), indexBytesMax)
  const digests = index === undefined ? undefined : manifestsOf(index)
  if (digests === undefined)
    return notes.bad('index.json', 'It is not the index of an OCI layout: build or fetch it again.')
  let found = 0
  for (const digest of digests.slice(0, artifactsMax)) {
    const what = digest.slice(0, 19)
    const bytes = await readBlob(directory, digest, manifestBytesMax)
    if (bytes === undefined || digestOf(bytes) !== digest) {
      notes.bad(what, 'The manifest is missing or was changed: build or fetch it again.')
      continue
    }
    const parsed = parseManifest(bytes)
    if (!parsed.ok) notes.bad(what, `The manifest ${parsed.message}.`)
    else if (parsed.manifest.artifactType === osImageArtifactType) {
      found += 1
      notes.about(what).fact('digest', digest)
      await inspectArtifact(notes.about(what), { directory, what, ...parsed }, trust, signal)
    }
  }
  if (found === 0) notes.unknown('index.json', 'It names no OS image: there is nothing to judge.')
}

type Artifact = {
  readonly directory: string
  readonly what: string
  readonly manifest: ImageManifest
}

async function inspectArtifact(
  notes: Notes,
  artifact: Artifact,
  trust: Trust,
  signal?: AbortSignal,
): Promise<void> {
  const { manifest } = artifact
  const whole = new Set<Descriptor>()
  for (const file of [manifest.config, ...manifest.layers]) {
    signal?.throwIfAborted()
    if (await isWhole(notes, artifact, file)) whole.add(file)
  }
  const layer = (type: string) =>
    manifest.layers.find(({ mediaType }) => mediaType.split(';')[0] === type)
  for (const [type, name] of [
    [osSbomLayerType, 'bill of materials'],
    [osProvenanceLayerType, 'provenance'],
  ] as const)
    if (layer(type) === undefined) notes.unknown(artifact.what, `It brings no ${name}.`)
  const description = await describe(notes, artifact, trust)
  if (description === undefined) return
  const [root, kernel] = [layer(osRootLayerType), layer(osKernelLayerType)]
  const provenance = layer(osProvenanceLayerType)
  if (provenance !== undefined && whole.has(provenance))
    await inspectProvenance(notes, { artifact, provenance, description }, trust)
  for (const [name, file, said] of [
    ['file system', root, description.root],
    ['kernel', kernel, description.kernel],
  ] as const)
    if (file?.digest !== said.digest || file.size !== said.sizeBytes)
      notes.bad(artifact.what, `Its ${name} is not the one that was signed: fetch it again.`)
  if (kernel === undefined || !whole.has(kernel)) return
  const bytes = await readBlob(artifact.directory, kernel.digest, peBytesMax)
  const { certificates } = trust
  const expected = bytes && inspectKernel(notes, { what: 'kernel', bytes, certificates })
  if (expected === undefined) return
  compare(notes, artifact.what, description, expected)
  if (root === undefined || !whole.has(root)) return
  using view = openDiskFile(blobPath(artifact.directory, root.digest))
  await inspectRoot(notes, { what: 'file system', view, expected, hasTree: false }, signal)
}

/** What the signed description says. Where nobody's key is known it is read, and not believed. */
async function describe(
  notes: Notes,
  { directory, what, manifest: { config } }: Artifact,
  trust: Trust,
): Promise<OsImageDescription | undefined> {
  const subject = `${what}: signature`
  const bytes = await readBlob(directory, config.digest, envelopePayloadBytesMax * 2)
  const envelope = bytes && parseJson(bytes)
  const parsed = parseEnvelope(envelope)
  if (config.mediaType !== osImageConfigType || parsed === undefined) {
    notes.bad(subject, 'Its config is not a signed description: build or fetch it again.')
    return undefined
  }
  judgeEnvelope(notes, subject, { envelope, payloadType: osImagePayloadType }, trust)
  const value = parseJson(parsed.payload)
  const [problem] = validateSchema(osImageDescriptionSchema, value, 'description')
  if (problem !== undefined) {
    notes.bad(what, `Its description is wrong at ${problem.path}: ${problem.message}.`)
    return undefined
  }
  const description = value as OsImageDescription
  notes.fact('version', description.version)
  notes.fact('image id', description.imageId)
  notes.fact('architecture', description.architecture)
  notes.fact('distribution', description.distribution)
  notes.fact('schematic', description.schematic)
  notes.fact('slot bytes', description.slotBytes)
  return description
}

type ProvenanceRequest = {
  readonly artifact: Artifact
  readonly provenance: Descriptor
  readonly description: OsImageDescription
}

/** Where it was made from, signed by the same people: it must speak of this very file system. */
async function inspectProvenance(
  notes: Notes,
  { artifact: { directory, what }, provenance, description }: ProvenanceRequest,
  trust: Trust,
): Promise<void> {
  const subject = `${what}: provenance`
  const bytes = await readBlob(directory, provenance.digest, envelopePayloadBytesMax * 2)
  const envelope = bytes && parseJson(bytes)
  const payload = parseEnvelope(envelope)?.payload
  if (payload === undefined)
    return notes.bad(subject, 'It is not a signed statement: build the image again.')
  judgeEnvelope(notes, subject, { envelope, payloadType: osProvenanceLayerType }, trust)
  const text = Buffer.from(payload).toString('utf8')
  if (!text.includes(description.root.digest.slice('sha256:'.length)))
    notes.bad(subject, 'It speaks of another file system: build the image again.')
}

function judgeEnvelope(
  notes: Notes,
  subject: string,
  { envelope, payloadType }: { readonly envelope: unknown; readonly payloadType: string },
  { imageKeys }: Trust,
): void {
  const verified = verifyEnvelope(envelope, imageKeys, payloadType)
  if (verified.ok) notes.ok(subject, `Signed by key ${verified.keyid.slice(0, 12)}.`)
  else if (verified.reason === 'UnknownKey' && imageKeys.length === 0)
    notes.unknown(
      subject,
      `${verified.message} Name a directory of keys, or a list of image keys, with --keys.`,
    )
  else notes.bad(subject, verified.message)
}

/** Description and kernel are signed apart: both must speak of the same image. */
function compare(
  notes: Notes,
  what: string,
  description: OsImageDescription,
  expected: ExpectedRoot,
): void {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['image id', description.imageId, expected.imageId],
    ['root hash', description.rootHash, expected.rootHash],
    ['file system bytes', description.root.sizeBytes, expected.rootBytes],
    ['kernel version', description.kernelVersion, expected.kernelVersion],
    ['slot bytes', description.slotBytes, slotBytesOf(description.root.sizeBytes)],
  ]
  const differing = pairs.filter(([, said, is]) => said !== is)
  for (const [name, said, is] of differing)
    notes.bad(what, `The description says ${name} ${String(said)}, the kernel image ${String(is)}.`)
  if (differing.length === 0) notes.ok(what, 'Description and kernel image speak of one image.')
}

function slotBytesOf(rootBytes: number): number | undefined {
  try {
    return verityLayout(rootBytes).totalBytes
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return undefined
  }
}

async function isWhole(notes: Notes, { directory, what }: Artifact, file: Descriptor) {
  const name = `${what}: ${file.mediaType.split('.').at(-1) ?? ''} ${file.digest.slice(0, 19)}`
  try {
    if (!(await isFile(blobPath(directory, file.digest)))) {
      notes.bad(name, 'It is missing: fetch it again.')
      return false
    }
    const found = await digestOfStream(createReadStream(blobPath(directory, file.digest)))
    if (found.digest === file.digest && found.sizeBytes === file.size) {
      notes.ok(name, `${file.size} bytes, as the manifest says.`)
      return true
    }
    notes.bad(
      name,
      `It has other bytes than the manifest says (${found.sizeBytes} of ${file.size}): fetch it again.`,
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    notes.bad(name, `It cannot be read (${code}): fetch it again.`)
  }
  return false
}

/** A link could lead to a device that never ends. */
const isFile = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile(),
    () => false,
  )

const blobPath = (directory: string, digest: string): string =>
  join(directory, 'blobs', ...digest.split(':'))

const readBlob = (directory: string, digest: string, bytesMax: number) =>
  readBounded(blobPath(directory, digest), bytesMax)

async function readBounded(path: string, bytesMax: number): Promise<Buffer | undefined> {
  try {
    const { size } = await lstat(path)
    if (size > bytesMax || !(await isFile(path))) return undefined
    await using file = await open(path, 'r')
    return await file.readFile()
  } catch {
    return undefined
  }
}

function manifestsOf(index: Buffer): string[] | undefined {
  const value = parseJson(index) as { manifests?: unknown } | null | undefined
  if (!Array.isArray(value?.manifests)) return undefined
  return value.manifests.flatMap((entry: { digest?: unknown } | null) =>
    typeof entry?.digest === 'string' && isDigest(entry.digest) ? [entry.digest] : [],
  )
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
