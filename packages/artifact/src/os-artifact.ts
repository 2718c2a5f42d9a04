import type { Envelope } from '@skerry/api/envelope'
import {
  type OsImageDescription,
  osImageArtifactType,
  osImageConfigType,
  osImagePayloadType,
  osKernelLayerType,
  osProvenanceLayerType,
  osRootLayerType,
  osSbomLayerType,
} from '@skerry/api/os/os-image-description'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { digestOf } from './digest-of.ts'
import { type SigningKey, signEnvelope } from './dsse.ts'
import { type Descriptor, type ImageManifest, imageManifestType } from './oci-manifest.ts'

export type OsArtifactFiles = {
  readonly sbom: { readonly digest: Digest; readonly sizeBytes: number }
  /** A DSSE envelope over an in-toto statement. */
  readonly provenance: { readonly digest: Digest; readonly sizeBytes: number }
}

export type OsArtifact = {
  readonly envelope: Envelope
  /** The config blob: the envelope, as it is signed and stored. */
  readonly config: Uint8Array
  readonly manifest: Uint8Array
  readonly manifestDigest: Digest
}

/** Signs what an image is, and names its parts. Equal input makes equal bytes. */
export function buildOsArtifact(
  description: OsImageDescription,
  files: OsArtifactFiles,
  key: SigningKey,
): OsArtifact {
  const envelope = signEnvelope(osImagePayloadType, Buffer.from(canonicalJson(description)), key)
  const config = Buffer.from(canonicalJson(envelope))
  const layer = (
    mediaType: string,
    file: { readonly digest: string; readonly sizeBytes: number },
    title: string,
  ): Descriptor => ({
    mediaType,
    digest: file.digest as Digest,
    size: file.sizeBytes,
    annotations: { 'org.opencontainers.image.title': title },
  })
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: imageManifestType,
    artifactType: osImageArtifactType,
    config: { mediaType: osImageConfigType, digest: digestOf(config), size: config.length },
    layers: [
      layer(osRootLayerType, description.root, 'root.erofs'),
      layer(osKernelLayerType, description.kernel, 'kernel.efi'),
      layer(osSbomLayerType, files.sbom, 'sbom.spdx.json'),
      layer(osProvenanceLayerType, files.provenance, 'provenance.dsse.json'),
    ],
    annotations: { 'org.opencontainers.image.version': description.version },
  }
  const bytes = Buffer.from(canonicalJson(manifest))
  return { envelope, config, manifest: bytes, manifestDigest: digestOf(bytes) }
}
