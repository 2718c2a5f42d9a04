import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '@skerry/base/digest'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import type { Reference } from './registry-path.ts'

/**
 * What belongs to which repository, as small files: which blobs, which manifests and their types, which
 * tags. The bytes are in the blob store. Parts of a repository's name never begin with `_`.
 */
export type RepositoryStore = {
  hasBlob(repository: string, digest: Digest): Promise<boolean>
  addBlob(repository: string, digest: Digest): Promise<void>
  removeBlob(repository: string, digest: Digest): Promise<void>
  /** The digest and media type that a tag or digest stands for. */
  manifest(repository: string, reference: Reference): Promise<StoredManifest | undefined>
  addManifest(repository: string, manifest: StoredManifest, tag: string | undefined): Promise<void>
  /** Removes a tag, or a manifest with all its tags. False if it was not there. */
  removeManifest(repository: string, reference: Reference): Promise<boolean>
  /** In order; undefined when there is no such repository. */
  tags(repository: string): Promise<string[] | undefined>
}

export type StoredManifest = { readonly digest: Digest; readonly mediaType: string }

export function createRepositoryStore(dir: string): RepositoryStore {
  const fileOf = (repository: string, kind: '_blobs' | '_manifests' | '_tags', name: string) =>
    join(dir, repository, kind, name)
  const hexOf = (digest: Digest) => digest.slice('sha256:'.length)
  const write = (path: string, text: string) =>
    tellStorageErrors(dir, async () => {
      await mkdir(join(path, '..'), { recursive: true })
      await writeFileAtomic(path, text)
    })
  const remove = (path: string) => tellStorageErrors(dir, () => rm(path, { force: true }))

  const store: RepositoryStore = {
    hasBlob: async (repository, digest) =>
      (await readText(fileOf(repository, '_blobs', hexOf(digest)))) !== undefined,
    addBlob: (repository, digest) => write(fileOf(repository, '_blobs', hexOf(digest)), ''),
    removeBlob: (repository, digest) => remove(fileOf(repository, '_blobs', hexOf(digest))),
    async manifest(repository, reference) {
      const digest =
        reference.kind === 'Digest'
          ? reference.digest
          : await readText(fileOf(repository, '_tags', reference.tag))
      if (digest === undefined || !isDigest(digest)) return undefined
      const mediaType = await readText(fileOf(repository, '_manifests', hexOf(digest)))
      return mediaType === undefined ? undefined : { digest, mediaType }
    },
    async addManifest(repository, { digest, mediaType }, tag) {
      await write(fileOf(repository, '_manifests', hexOf(digest)), mediaType)
      if (tag !== undefined) await write(fileOf(repository, '_tags', tag), digest)
    },
    async removeManifest(repository, reference) {
      const found = await store.manifest(repository, reference)
      if (found === undefined) return false
      if (reference.kind === 'Tag') {
        await remove(fileOf(repository, '_tags', reference.tag))
        return true
      }
      for (const tag of (await store.tags(repository)) ?? [])
        if ((await readText(fileOf(repository, '_tags', tag))) === found.digest)
          await remove(fileOf(repository, '_tags', tag))
      await remove(fileOf(repository, '_manifests', hexOf(found.digest)))
      return true
    },
    async tags(repository) {
      if ((await namesIn(join(dir, repository, '_manifests'))) === undefined) return undefined
      const names = (await namesIn(join(dir, repository, '_tags'))) ?? []
      return names.filter((name) => !name.endsWith('.part')).toSorted()
    },
  }
  return store
}

async function readText(path: string): Promise<string | undefined> {
  return absentAsUndefined(() => readFile(path, 'utf8'))
}

async function namesIn(path: string): Promise<string[] | undefined> {
  return absentAsUndefined(() => readdir(path))
}

async function absentAsUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
