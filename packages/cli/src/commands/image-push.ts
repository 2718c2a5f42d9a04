import { createReadStream } from 'node:fs'
import { type OSImage, osImageKind } from '@skerry/api/kinds/os-image'
import { isApiError } from '@skerry/api/status'
import { ArtifactError, readArtifact } from '@skerry/factory/publish/read-artifact'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { hubRegistry } from '../hub-registry.ts'
import { createProgress } from '../progress.ts'

/**
 * `skerry image push DIR [--name NAME]`: what was built goes to the hub's registry, and an OSImage says that it
 * is there. Pushing the same again changes nothing.
 */
export async function pushImage(
  hub: HubAccess,
  directory: string,
  given: string | undefined,
): Promise<OSImage> {
  const artifact = await readArtifact(directory).catch((error: unknown) => {
    throw error instanceof ArtifactError ? new CommandError(error.message, exitCodes.usage) : error
  })
  const { description, envelope, keyid, manifestDigest } = artifact
  const name = given ?? `${artifact.name}-${description.version}`
  const repository = `os/${hub.namespace}/${artifact.name}`
  const registry = hubRegistry(hub)
  const totalBytes = artifact.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const progress = createProgress(`pushing ${name}`, totalBytes)
  try {
    let doneBytes = 0
    for (const { digest, sizeBytes, file } of artifact.blobs) {
      const before = doneBytes
      await registry.pushBlob(repository, {
        digest,
        sizeBytes,
        read: (offset) => createReadStream(file, { start: offset }),
        onProgress: (sentBytes) => progress.update(before + sentBytes),
      })
      doneBytes += sizeBytes
    }
    await registry.pushManifest(repository, description.version, artifact.manifest)
  } finally {
    progress.end()
  }
  const spec = { repository, manifestDigest, envelope, keyid, description }
  return createImage(hub, name, spec)
}

async function createImage(hub: HubAccess, name: string, spec: OSImage['spec']): Promise<OSImage> {
  const { namespace } = hub
  try {
    return await hub.state.create(osImageKind, { metadata: { name, namespace }, spec })
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
    const there = await hub.state.get(osImageKind, { namespace, name })
    if (there?.spec.manifestDigest === spec.manifestDigest) return there
    throw new CommandError(
      `OSImage ${name} exists with other content, and it never changes: raise the version of the schematic, or give another --name.`,
    )
  }
}
