import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type ModelVersion, modelVersionKind } from '@skerry/api/kinds/model'
import { isApiError } from '@skerry/api/status'
import { buildModelManifest } from '@skerry/artifact/oci-manifest'
import { createRegistryClient } from '@skerry/artifact/registry-client'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { createProgress } from '../progress.ts'

export type PushOptions = {
  readonly file: string
  readonly model: string
  /** Absent: the next of v1, v2, v3 … */
  readonly version: string | undefined
}

/**
 * `skerry model push FILE --model NAME`: uploads the file to the hub's registry and makes a
 * ModelVersion of it. The hub looks at the file and refuses it here if it could not serve.
 */
export async function pushModel(hub: HubAccess, options: PushOptions): Promise<ModelVersion> {
  const { size } = await stat(options.file).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`Cannot read ${options.file}: ${error.message}`, exitCodes.usage)
  })
  const digest = await digestOfFile(options.file)
  const version = options.version ?? (await nextVersion(hub, options.model))
  const repository = `models/${hub.namespace}/${options.model}`
  const registry = createRegistryClient(hub.address)
  const progress = createProgress(`pushing ${basename(options.file)}`, size)
  const { manifest, config } = buildModelManifest({
    name: options.model,
    version,
    fileName: basename(options.file),
    digest,
    sizeBytes: size,
  })
  try {
    await registry.pushBlob(repository, digest, {
      sizeBytes: size,
      open: (offset) => createReadStream(options.file, { start: offset }),
      onProgress: progress.update,
    })
    await registry.pushBytes(repository, config)
    await registry.pushManifest(repository, version, manifest)
  } finally {
    progress.end()
  }
  const manifestDigest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  return createVersion(hub, {
    model: options.model,
    version,
    repository,
    manifestDigest,
    digest,
    sizeBytes: size,
  })
}

async function createVersion(hub: HubAccess, spec: ModelVersion['spec']): Promise<ModelVersion> {
  const name = `${spec.model}-${spec.version}`
  try {
    return await hub.state.create(modelVersionKind, {
      metadata: { name, namespace: hub.namespace },
      spec,
    })
  } catch (error) {
    if (isApiError(error, 'AlreadyExists'))
      throw new CommandError(
        `${spec.model} ${spec.version} exists already, and a version never changes: push it as another version.`,
      )
    if (isApiError(error, 'Invalid')) throw new CommandError(`Refused: ${error.message}`)
    throw error
  }
}

async function nextVersion(hub: HubAccess, model: string): Promise<string> {
  const { items } = await hub.state.list(modelVersionKind, { namespace: hub.namespace })
  const numbers = items
    .filter((item) => item.spec.model === model)
    .map((item) => Number(/^v(\d+)$/.exec(item.spec.version)?.[1] ?? 0))
  return `v${Math.max(0, ...numbers) + 1}`
}

async function digestOfFile(file: string): Promise<`sha256:${string}`> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return `sha256:${hash.digest('hex')}`
}
