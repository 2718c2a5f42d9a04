import { createHash, generateKeyPairSync } from 'node:crypto'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import { type OsImageDescription, osImagePayloadType } from '@skerry/api/os/os-image-description'
import { commandLineNames, verityBlockBytes } from '@skerry/api/os/os-layout'
import { digestOf } from '@skerry/artifact/digest-of'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf } from '@skerry/artifact/key-id'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import type { ImageSource, InstallRequest } from '../upgrade/os-machine.ts'

/** An image as small as one can be. */
export type FakeImage = {
  readonly description: OsImageDescription
  readonly envelope: Envelope
  readonly digest: string
  readonly root: Uint8Array
  readonly kernel: Uint8Array
  /** File system, superblock and tree. */
  readonly slot: Uint8Array
}

export type FakeImageOptions = {
  readonly version: string
  readonly blocks?: number
  readonly kernelBytes?: number
  readonly key?: SigningKey
  /** What is behind the sections of the kernel as its signature, before the digest that it signs. */
  readonly certificates?: Uint8Array
  /** Changes the description before it is signed. */
  readonly describe?: (description: OsImageDescription) => OsImageDescription
}

export function createImageKey(): { readonly key: SigningKey; readonly trusted: TrustedKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const keyid = keyIdOf(publicKey)
  return { key: { privateKey, keyid }, trusted: { keyid, publicKey: pem } }
}

export const imageKey = createImageKey()

export async function makeFakeImage(options: FakeImageOptions): Promise<FakeImage> {
  const { version, blocks = 6 } = options
  const root = Buffer.alloc(blocks * verityBlockBytes, `root of ${version} `)
  const { totalBytes } = verityLayout(root.length)
  const slot = Buffer.alloc(totalBytes)
  slot.set(root)
  const rootHash = await writeVerityTree(
    {
      read: async (offset, sizeBytes) => slot.subarray(offset, offset + sizeBytes),
      write: async (offset, bytes) => {
        slot.set(bytes, offset)
      },
    },
    root.length,
  )
  const imageId = createHash('sha256').update(`${version} ${rootHash}`).digest('hex').slice(0, 32)
  slot.set(buildVeritySuperblock(imageId, root.length), root.length)
  const kernel = fakeUki({ ...options, imageId, rootHash, rootBytes: root.length })
  const description: OsImageDescription = {
    schematic: digestOf(version),
    imageId,
    version,
    architecture: 'x64',
    rootHash,
    root: { digest: digestOf(root), sizeBytes: root.length },
    kernel: { digest: digestOf(kernel), sizeBytes: kernel.length },
    kernelVersion: '6.12.0',
    slotBytes: totalBytes,
  }
  const signed = options.describe?.(description) ?? description
  const envelope = signEnvelope(
    osImagePayloadType,
    Buffer.from(JSON.stringify(signed)),
    options.key ?? imageKey.key,
  )
  const digest = digestOf(JSON.stringify(envelope.payload))
  return { description: signed, envelope, digest, root, kernel, slot }
}

type UkiOptions = FakeImageOptions & {
  readonly imageId: string
  readonly rootHash: string
  readonly rootBytes: number
}

/** A PE file with two sections of words, and some bytes that stand for a kernel. */
export function fakeUki(options: UkiOptions): Buffer {
  const { version, imageId, rootHash, rootBytes, kernelBytes = 3000, certificates } = options
  const osRelease = Buffer.from(`ID=skerry\nIMAGE_ID=skerry\nIMAGE_VERSION=${version}\n`)
  const commandLine = Buffer.from(
    `console=ttyS0 ${commandLineNames.rootHash}=${rootHash} ${commandLineNames.rootBytes}=${rootBytes} ${commandLineNames.imageId}=${imageId}`,
  )
  const header = Buffer.alloc(1024)
  header.write('MZ')
  header.writeUInt32LE(0x80, 0x3c)
  header.writeUInt32LE(0x4550, 0x80)
  header.writeUInt16LE(2, 0x86)
  header.writeUInt16LE(240, 0x94)
  header.writeUInt16LE(0x20b, 0x98)
  header.writeUInt32LE(header.length, 0x98 + 60)
  const body = Buffer.alloc(kernelBytes, `kernel of ${version} `)
  const parts: Uint8Array[] = [header, osRelease, commandLine, body]
  const section = (index: number, name: string, offset: number, sizeBytes: number): void => {
    const at = 0x98 + 240 + index * 40
    header.write(name, at)
    header.writeUInt32LE(sizeBytes, at + 8)
    header.writeUInt32LE(sizeBytes, at + 16)
    header.writeUInt32LE(offset, at + 20)
  }
  section(0, '.osrel', 1024, osRelease.length)
  section(1, '.cmdline', 1024 + osRelease.length, commandLine.length)
  if (certificates !== undefined) {
    const program = Buffer.concat(parts)
    header.writeUInt32LE(program.length, 0x98 + 112 + 32)
    header.writeUInt32LE(certificates.length + 32, 0x98 + 112 + 36)
    parts.push(Buffer.from(certificates), signedDigestOf(program))
  }
  return Buffer.concat(parts)
}

/** SHA-256 without checksum and the place of signatures, as the authenticode format has it. */
function signedDigestOf(program: Buffer): Buffer {
  const [checksum, place] = [0x98 + 64, 0x98 + 112 + 32]
  const hash = createHash('sha256').update(program.subarray(0, checksum))
  hash.update(program.subarray(checksum + 4, place)).update(program.subarray(place + 8))
  return hash.update(Buffer.alloc((8 - (program.length % 8)) % 8)).digest()
}

export type FakeSource = ImageSource & {
  /** What was asked for, in order. */
  readonly opened: { readonly digest: string; readonly offset: number }[]
}

export function sourceOf(images: readonly FakeImage[], chunkBytes = 1500): FakeSource {
  const blobs = new Map<string, Uint8Array>()
  for (const { description, root, kernel } of images) {
    blobs.set(description.root.digest, root)
    blobs.set(description.kernel.digest, kernel)
  }
  const opened: { digest: string; offset: number }[] = []
  return {
    name: 'the registry',
    opened,
    async *open(digest, offset) {
      opened.push({ digest, offset })
      const bytes = blobs.get(digest)
      if (bytes === undefined) throw new Error(`there is no ${digest}`)
      for (let at = offset; at < bytes.length; at += chunkBytes)
        yield bytes.subarray(at, at + chunkBytes)
    },
  }
}

export const requestFor = (
  image: FakeImage,
  source: ImageSource = sourceOf([image]),
): InstallRequest => ({
  digest: image.digest,
  envelope: image.envelope,
  trustedKeys: [imageKey.trusted],
  source,
  onProgress: () => undefined,
})
