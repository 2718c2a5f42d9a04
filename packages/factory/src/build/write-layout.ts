import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { imageManifestType } from '@skerry/artifact/oci-manifest'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import { osImageArtifactType } from '@skerry/api/os/os-image-description'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'

export type LayoutBlob = {
  readonly digest: Digest
  readonly source: { readonly bytes: Uint8Array } | { readonly file: string }
}

/** Writes an OCI layout of one artifact: its blobs, and the index last. Others that were there are removed. */
export async function writeLayout(
  directory: string,
  manifest: { readonly bytes: Uint8Array; readonly digest: Digest; readonly name: string },
  blobs: readonly LayoutBlob[],
): Promise<void> {
  const shelf = join(directory, 'blobs/sha256')
  await mkdir(shelf, { recursive: true })
  const all: readonly LayoutBlob[] = [
    ...blobs,
    { digest: manifest.digest, source: { bytes: manifest.bytes } },
  ]
  for (const { digest, source } of all) {
    const path = join(shelf, hex(digest))
    if ('bytes' in source) await writeFileAtomic(path, source.bytes)
    else await place(source.file, path)
  }
  await writeFileAtomic(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType: imageManifestType,
        artifactType: osImageArtifactType,
        digest: manifest.digest,
        size: manifest.bytes.length,
        annotations: { 'org.opencontainers.image.ref.name': manifest.name },
      },
    ],
  }
  await writeFileAtomic(join(directory, 'index.json'), canonicalJson(index))
  const kept = new Set(all.map(({ digest }) => hex(digest)))
  for (const name of await readdir(shelf)) if (!kept.has(name)) await rm(join(shelf, name))
}

const hex = (digest: Digest) => digest.slice('sha256:'.length)

/** Never half a file, and never the cache's own: somebody may write to what was built. */
async function place(from: string, to: string): Promise<void> {
  const size = (await stat(from)).size
  // The name is the digest of what was complete when it was given.
  if ((await stat(to).catch(() => undefined))?.size === size) return
  const temporary = `${to}.part`
  await copyFile(from, temporary, constants.COPYFILE_FICLONE)
  await rename(temporary, to)
}
