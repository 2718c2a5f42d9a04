import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type ModelVersion, modelVersionKind } from '@skerry/api/kinds/model'
import { type ApiError, isApiError } from '@skerry/api/status'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import { buildModelArtifact } from '@skerry/artifact/oci-manifest'
import type { RegistryClient } from '@skerry/artifact/registry-client'
import type { Digest } from '@skerry/base/digest'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { hubRegistry } from '../hub-registry.ts'
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
  const { digest } = await digestOfStream(createReadStream(options.file))
  const version = options.version ?? (await nextVersion(hub, options.model))
  const repository = `models/${hub.namespace}/${options.model}`
  const registry = hubRegistry(hub)
  const progress = createProgress(`pushing ${basename(options.file)}`, size)
  const { config, manifest } = buildModelArtifact(
    { name: options.model, version, format: 'onnx' },
    { digest, sizeBytes: size, path: basename(options.file) },
  )
  try {
    await registry.pushBlob(repository, {
      digest,
      sizeBytes: size,
      read: (offset) => createReadStream(options.file, { start: offset }),
      onProgress: (sentBytes) => progress.update(sentBytes),
    })
    await pushConfig(registry, repository, config)
    const manifestDigest: Digest = await registry.pushManifest(repository, version, manifest)
    const spec = { model: options.model, version, repository, manifestDigest, digest }
    return await createVersion(hub, { ...spec, sizeBytes: size })
  } finally {
    progress.end()
  }
}

async function pushConfig(
  registry: RegistryClient,
  repository: string,
  config: Uint8Array,
): Promise<void> {
  await registry.pushBlob(repository, {
    digest: digestOf(config),
    sizeBytes: config.length,
    read: async function* (offset) {
      yield config.subarray(offset)
    },
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
    if (isApiError(error, 'Invalid')) throw new CommandError(`Refused: ${reasonOf(error)}`)
    throw error
  }
}

/** What the hub found, without the frame of a Kubernetes message. */
function reasonOf(error: ApiError): string {
  const causes = error.status.details?.causes ?? []
  const sentences = causes.map(({ message }) => message.replace(/^[A-Z][a-z ]+: "[^"]*": /, ''))
  return sentences.length === 0 ? error.message : sentences.join('; ')
}

async function nextVersion(hub: HubAccess, model: string): Promise<string> {
  const { items } = await hub.state.list(modelVersionKind, { namespace: hub.namespace })
  const numbers = items
    .filter((item) => item.spec.model === model)
    .map((item) => Number(/^v(\d+)$/.exec(item.spec.version)?.[1] ?? 0))
  return `v${Math.max(0, ...numbers) + 1}`
}
