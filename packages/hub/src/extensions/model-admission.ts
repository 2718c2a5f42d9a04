import {
  type ModelSignature,
  type ModelVersion,
  modelKind,
  modelVersionKind,
} from '@skerry/api/kinds/model'
import type { ModelInspection } from '@skerry/api/model-server-protocol'
import type { KubeObject } from '@skerry/api/object'
import type { Problem } from '@skerry/api/problem'
import type { State } from '@skerry/api/state'
import { invalid, isApiError } from '@skerry/api/status'
import type { Admit } from '../api-server/extension.ts'
import type { InspectModel } from './inspect-model.ts'
import { signatureProblems } from './signature-problems.ts'

export type ModelAdmissionOptions = {
  readonly state: State
  /** The file of a blob in the registry and its size, or undefined. */
  readonly findBlob: (digest: string) => Promise<{ path: string; sizeBytes: number } | undefined>
  readonly inspect: InspectModel
}

/**
 * The door for model versions: the file must be in the registry, load, answer a self-test, and take and
 * give what the model promises. The first version makes the promise.
 */
export function createModelAdmission(options: ModelAdmissionOptions): Admit {
  return async (operation, object, _, { dryRun }) => {
    if (operation !== 'create') return object
    const version = object as ModelVersion
    const { namespace } = object.metadata
    if (namespace === undefined || typeof version.spec?.digest !== 'string') return object
    const signature = await inspectFile(options, version)
    const key = { namespace, name: version.spec.model }
    const model = await options.state.get(modelKind, key)
    const promised = model?.spec.signature
    if (promised !== undefined) {
      const differences = signatureProblems(promised, signature)
      if (differences.length > 0)
        throw refusal(version, {
          path: 'spec.digest',
          type: 'Invalid',
          value: version.spec.digest,
          message: `${version.spec.model} ${version.spec.version} cannot take the place of the other versions: ${differences.join('; ')}`,
        })
    }
    if (model === undefined && !dryRun) await createModel(options.state, key, signature)
    return { ...object, spec: { ...version.spec, signature } } as KubeObject
  }
}

async function inspectFile(
  options: ModelAdmissionOptions,
  version: ModelVersion,
): Promise<ModelSignature> {
  const { digest, sizeBytes } = version.spec
  const blob = await options.findBlob(digest)
  if (blob === undefined)
    throw refusal(version, {
      path: 'spec.digest',
      type: 'Invalid',
      value: digest,
      message: 'is not in the registry: push the file first, as "skerry model push" does',
    })
  if (blob.sizeBytes !== sizeBytes)
    throw refusal(version, {
      path: 'spec.sizeBytes',
      type: 'Invalid',
      value: sizeBytes,
      message: `the file in the registry has ${blob.sizeBytes} bytes`,
    })
  const inspection: ModelInspection = await options.inspect(blob.path)
  if (inspection.ok) return inspection.signature
  throw refusal(version, {
    path: 'spec.digest',
    type: 'Invalid',
    value: digest,
    message: inspection.message,
  })
}

async function createModel(
  state: State,
  key: { namespace: string; name: string },
  signature: ModelSignature,
): Promise<void> {
  try {
    await state.create(modelKind, { metadata: key, spec: { signature } })
  } catch (error) {
    // Two first versions at once: the other one's promise stands, and the next push is held to it.
    if (!isApiError(error, 'AlreadyExists')) throw error
  }
}

function refusal(version: ModelVersion, problem: Problem) {
  return invalid(modelVersionKind, version.metadata.name, [problem])
}
