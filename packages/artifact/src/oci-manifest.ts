import { type Digest, isDigest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { digestOf } from './digest-of.ts'
import { manifestBytesMax } from './limits.ts'

/** An OCI image manifest 1.1 that carries a model as the CNCF ModelPack specification says. */
export const imageManifestType = 'application/vnd.oci.image.manifest.v1+json'
export const modelArtifactType = 'application/vnd.cncf.model.manifest.v1+json'
export const modelConfigType = 'application/vnd.cncf.model.config.v1+json'
export const modelWeightType = 'application/vnd.cncf.model.weight.v1.raw'
export const filePathAnnotation = 'org.cncf.model.filepath'

export type Descriptor = {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
}

export type ImageManifest = {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

export type ModelFile = {
  readonly digest: Digest
  readonly sizeBytes: number
  /** Name of the file, such as `model.onnx`. */
  readonly path: string
}

export type ModelDescription = {
  readonly name: string
  readonly version: string
  /** Such as `onnx`. */
  readonly format: string
}

export type ModelArtifact = {
  /** The config blob, to be pushed before the manifest. */
  readonly config: Uint8Array
  readonly manifest: Uint8Array
}

/** The two small documents of a model artifact. Equal input makes equal bytes. */
export function buildModelArtifact(model: ModelDescription, file: ModelFile): ModelArtifact {
  const config = Buffer.from(
    canonicalJson({
      descriptor: { name: model.name, version: model.version },
      config: { format: model.format },
      modelfs: { type: 'layers', diffIds: [file.digest] },
    }),
  )
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: imageManifestType,
    artifactType: modelArtifactType,
    config: { mediaType: modelConfigType, digest: digestOf(config), size: config.length },
    layers: [
      {
        mediaType: modelWeightType,
        digest: file.digest,
        size: file.sizeBytes,
        annotations: { [filePathAnnotation]: file.path },
      },
    ],
  }
  return { config, manifest: Buffer.from(canonicalJson(manifest)) }
}

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: ImageManifest }
  | { readonly ok: false; readonly message: string }

/** An image manifest, or what is wrong with it. Fields that it does not know are left alone. */
export function parseManifest(bytes: Uint8Array): ParsedManifest {
  const refuse = (message: string) => ({ ok: false, message }) as const
  if (bytes.length > manifestBytesMax)
    return refuse(`has ${bytes.length} bytes where at most ${manifestBytesMax} are allowed`)
  let value: Partial<ImageManifest> | null
  try {
    value = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    ) as Partial<ImageManifest> | null
  } catch {
    return refuse('is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('is not a JSON object')
  if (value.schemaVersion !== 2) return refuse('schemaVersion must be 2')
  if (value.mediaType !== undefined && value.mediaType !== imageManifestType)
    return refuse(`mediaType must be ${imageManifestType}`)
  if (!isDescriptor(value.config)) return refuse('config must be a descriptor')
  if (!Array.isArray(value.layers) || !value.layers.every(isDescriptor))
    return refuse('layers must be a list of descriptors')
  if (value.subject !== undefined && !isDescriptor(value.subject))
    return refuse('subject must be a descriptor')
  return { ok: true, manifest: value as ImageManifest }
}

function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== 'object' || value === null) return false
  const { mediaType, digest, size, annotations } = value as Record<string, unknown>
  return (
    typeof mediaType === 'string' &&
    typeof digest === 'string' &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    (annotations === undefined ||
      (typeof annotations === 'object' &&
        annotations !== null &&
        Object.values(annotations).every((text) => typeof text === 'string')))
  )
}
