import { constants, createReadStream } from 'node:fs'
import { copyFile, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfStream } from '@skerry/artifact/digest-of'
import { imageManifestType } from '@skerry/artifact/oci-manifest'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import { osImageArtifactType } from '@skerry/api/os/os-image-description'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { BuildError } from './build-error.ts'

export type LayoutBlob = {
  readonly digest: Digest
  readonly source: { readonly bytes: Uint8Array } | { readonly file: string }
}

/**
 * Writes an OCI layout of one artifact: its blobs, and the index last. An OS image that was there before is
 * removed; a layout of somebody else's is refused.
 */
export async function writeLayout(
  directory: string,
  manifest: { readonly bytes: Uint8Array; readonly digest: Digest; readonly name: string },
  blobs: readonly LayoutBlob[],
): Promise<void> {
  const shelf = join(directory, 'blobs/sha256')
  await refuseStrangers(directory, shelf)
  await mkdir(shelf, { recursive: true })
  const all: readonly LayoutBlob[] = [
    ...blobs,
    { digest: manifest.digest, source: { bytes: manifest.bytes } },
  ]
  for (const { digest, source } of all) {
    const path = join(shelf, hex(digest))
    if ('bytes' in source) await writeFileAtomic(path, source.bytes)
    else await place(source.file, path, digest)
  }
  await writeFileAtomic(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  await writeIndex(directory, [
    {
      mediaType: imageManifestType,
      artifactType: osImageArtifactType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      annotations: { 'org.opencontainers.image.ref.name': manifest.name },
    },
  ])
  const kept = new Set(all.map(({ digest }) => hex(digest)))
  for (const name of await readdir(shelf)) if (!kept.has(name)) await rm(join(shelf, name))
}

function writeIndex(directory: string, manifests: readonly unknown[]): Promise<void> {
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const index = { schemaVersion: 2, mediaType, manifests }
  return writeFileAtomic(join(directory, 'index.json'), canonicalJson(index))
}

async function refuseStrangers(directory: string, shelf: string): Promise<void> {
  const text = await readFile(join(directory, 'index.json'), 'utf8').catch(() => undefined)
  const blobs = await readdir(shelf).catch(() => [])
  const isNew = text === undefined && blobs.length === 0
  // An index comes before any blob: what an interrupted build left is known to be ours.
  if (isNew) return writeIndex(directory, [])
  const isOurs = text !== undefined && hasOnlyOsImages(text)
  if (!isOurs)
    throw new BuildError(
      `${directory} holds something else than an OS image (its blobs would be removed): name another directory with -o, or empty this one.`,
    )
}

function hasOnlyOsImages(index: string): boolean {
  try {
    const { manifests } = JSON.parse(index) as { manifests?: unknown }
    return (
      Array.isArray(manifests) &&
      manifests.every(
        (each: { artifactType?: unknown } | null) => each?.artifactType === osImageArtifactType,
      )
    )
  } catch {
    return false
  }
}

const hex = (digest: Digest) => digest.slice('sha256:'.length)

/** Never half a file, and never the cache's own: somebody may write to what was built. */
async function place(from: string, to: string, digest: Digest): Promise<void> {
  const isThere = (await stat(to).catch(() => undefined)) !== undefined
  if (isThere && (await digestOfStream(createReadStream(to))).digest === digest) return
  const temporary = `${to}.part`
  await copyFile(from, temporary, constants.COPYFILE_FICLONE)
  await rename(temporary, to)
}
