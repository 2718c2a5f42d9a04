import { type Infer, integer, object, oneOf, optional, string } from '../schema.ts'

/**
 * An OS image as an OCI artifact: the config blob is a DSSE envelope over an OsImageDescription, the
 * layers are the file system, the signed kernel, the bill of materials and where it was made from.
 */
export const osImageArtifactType = 'application/vnd.skerry.os.image.v1'
/** Config: a DSSE envelope whose payload is an OsImageDescription. */
export const osImageConfigType = 'application/vnd.skerry.os.image.v1.dsse+json'
/** Payload type of that envelope. */
export const osImagePayloadType = 'application/vnd.skerry.os.description.v1+json'
/** The erofs file system, without verity tree: the device computes it. */
export const osRootLayerType = 'application/vnd.skerry.os.root.v1.erofs'
/** The signed unified kernel image. */
export const osKernelLayerType = 'application/vnd.skerry.os.uki.v1.efi'
export const osSbomLayerType = 'application/spdx+json'
export const osProvenanceLayerType = 'application/vnd.in-toto+json'

export const osArchitectures = ['x64', 'arm64'] as const

const digest = (what: string) => string(what, { pattern: '^sha256:[0-9a-f]{64}$' })
const file = (what: string) =>
  object(
    { digest: digest('SHA-256 of the file.'), sizeBytes: integer('Its size.', { minimum: 1 }) },
    what,
  )

/** What the maker of an image signs: a device trusts nothing of an image but this. */
export const osImageDescriptionSchema = object(
  {
    schematic: digest('Id of the schematic that it was built from.'),
    imageId: string(
      'First 32 digits of the SHA-256 of what was built: the uuid of the verity superblock.',
      { pattern: '^[0-9a-f]{32}$' },
    ),
    version: string('Version in words; the loader starts the newest, so it grows.', {
      pattern: '^[0-9]+(\\.[0-9]+){0,3}([-.][a-z0-9]+)*$',
      maxLength: 40,
    }),
    architecture: oneOf(osArchitectures, 'As Node.js calls it.'),
    rootHash: string('Root of the verity tree.', { pattern: '^[0-9a-f]{64}$' }),
    root: file('The file system.'),
    kernel: file('The unified kernel image, signed.'),
    kernelVersion: string('As `uname -r` says.', { maxLength: 100 }),
    slotBytes: integer('Bytes that a slot needs: file system and verity tree.', { minimum: 1 }),
    distribution: optional(string('PRETTY_NAME of the root.', { maxLength: 200 })),
  },
  'What an OS image is.',
)
export type OsImageDescription = Infer<typeof osImageDescriptionSchema>
