import { X509Certificate, createHash, generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  osImageArtifactType,
  osImageConfigType,
  osImagePayloadType,
  osKernelLayerType,
  osProvenanceLayerType,
  osRootLayerType,
} from '@skerry/api/os/os-image-description'
import { digestOf } from '@skerry/artifact/digest-of'
import { signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf, trustedKeyOf } from '@skerry/artifact/key-id'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import { selfSignedCertificate } from '../../keys/certificate.ts'
import type { Signer } from '../../keys/pkcs7.ts'
import { signEfi } from '../../pe/sign-efi.ts'
import { smallUki } from '../../pe/testing/small-pe.ts'
import { osReleaseText } from '../../uki/os-release.ts'
import type { Trust } from '../trust.ts'
import { smallErofs } from './small-erofs.ts'

export type SmallImage = {
  readonly root: Buffer
  /** File system, superblock and tree. */
  readonly slot: Buffer
  readonly kernel: Buffer
  readonly description: Record<string, unknown>
  readonly envelope: unknown
  readonly provenance: unknown
  readonly trust: Trust
}

export const smallImageId = '0123456789abcdef0123456789abcdef'

/** Made once: a key of RSA takes long to find. */
let signer: Signer | undefined

function newSigner(): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = selfSignedCertificate({
    commonName: 'test',
    organization: 'Test',
    privateKey,
    serial: createHash('sha256').update('small').digest().subarray(0, 16),
    notBeforeMs: 0,
  })
  return { privateKey, certificate: new X509Certificate(certificate) }
}

/** A signed image of some kilobytes; `change` alters what is signed. */
export async function smallImage(
  change: Record<string, unknown> = {},
  commandLine = '',
): Promise<SmallImage> {
  const root = smallErofs()
  const { slot, rootHash } = await slotOf(root)
  signer ??= newSigner()
  const signed = signEfi(
    smallUki(
      `quiet skerry.root=${rootHash} skerry.size=${root.length} skerry.image=${smallImageId} ${commandLine}`,
      osReleaseText({ version: '1.0.0', prettyName: 'Small 1.0.0' }),
    ),
    signer,
  )
  if (!signed.ok) throw new Error(signed.message)
  const image = generateKeyPairSync('ed25519')
  const key = { privateKey: image.privateKey, keyid: keyIdOf(image.publicKey) }
  const description = {
    schematic: digestOf('schematic'),
    imageId: smallImageId,
    version: '1.0.0',
    architecture: 'x64',
    rootHash,
    root: { digest: digestOf(root), sizeBytes: root.length },
    kernel: { digest: digestOf(signed.bytes), sizeBytes: signed.bytes.length },
    kernelVersion: '6.12.1-test',
    slotBytes: slot.length,
    ...change,
  }
  return {
    root,
    slot,
    kernel: signed.bytes,
    description,
    envelope: signEnvelope(osImagePayloadType, Buffer.from(JSON.stringify(description)), key),
    provenance: signEnvelope(osProvenanceLayerType, Buffer.from(`of ${digestOf(root)}`), key),
    trust: { certificates: [signer.certificate], imageKeys: [trustedKeyOf(image.publicKey)] },
  }
}

async function slotOf(root: Buffer): Promise<{ slot: Buffer; rootHash: string }> {
  const slot = Buffer.alloc(verityLayout(root.length).totalBytes)
  slot.set(root)
  slot.set(buildVeritySuperblock(smallImageId, root.length), root.length)
  const rootHash = await writeVerityTree(
    {
      read: async (offset, length) => slot.subarray(offset, offset + length),
      write: async (offset, bytes) => slot.set(bytes, offset),
    },
    root.length,
  )
  return { slot, rootHash }
}

/** Writes the image as an OCI layout. */
export async function writeSmallLayout(
  directory: string,
  image: SmallImage,
  provenance: unknown = image.provenance,
): Promise<void> {
  const blobs = join(directory, 'blobs/sha256')
  await mkdir(blobs, { recursive: true })
  const put = async (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes)
    await writeFile(join(blobs, digest.slice('sha256:'.length)), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const manifest = {
    schemaVersion: 2,
    artifactType: osImageArtifactType,
    config: await put(osImageConfigType, Buffer.from(JSON.stringify(image.envelope))),
    layers: [
      await put(osRootLayerType, image.root),
      await put(osKernelLayerType, image.kernel),
      await put(osProvenanceLayerType, Buffer.from(JSON.stringify(provenance))),
    ],
  }
  const entry = await put(
    'application/vnd.oci.image.manifest.v1+json',
    Buffer.from(JSON.stringify(manifest)),
  )
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
  )
}
