import { cloneJson, isPlainObject, setKey } from '@skerry/base/json'
import { type AnyKind, resourceName, valueAt } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import { applyJsonPatch } from '@skerry/api/patch-json'
import { applyMergePatch } from '@skerry/api/patch-merge'
import type { Problem } from '@skerry/api/problem'
import {
  ApiError,
  badRequest,
  conflict,
  invalid,
  isApiError,
  methodNotAllowed,
  modifiedMessage,
} from '@skerry/api/status'
import { sendAnswer } from '../wire/answer.ts'
import { contentType, parseText, readObject, readText } from '../wire/body.ts'
import type { ObjectCall, ServerContext } from '../call.ts'
import type { SubresourceVerb } from '../extension.ts'
import { patchTriesMax } from '../limits.ts'
import { readStored } from './get-handler.ts'
import { isDryRun } from './request-options.ts'
import { fieldManagerOf } from './write-options.ts'

/** `autoscaling/v1.Scale`: how many of something there shall be and are, wherever its kind keeps that. */
type Scale = Record<string, unknown> & {
  metadata: Record<string, unknown>
  spec: Record<string, unknown>
}

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales' } as const

export async function serveScale(
  server: ServerContext,
  call: ObjectCall,
  verb: SubresourceVerb,
): Promise<void> {
  if (verb === 'get') {
    const object = await readStored(server, call.target)
    return sendAnswer(call, { code: 200, body: scaleOf(call.target.kind, object) })
  }
  if (verb !== 'update' && verb !== 'patch') throw methodNotAllowed()
  const change = verb === 'update' ? await readScale(call) : await readScalePatch(call)
  for (let attempt = 1; ; attempt += 1)
    try {
      const body = await scaleOnce(server, call, change)
      return await sendAnswer(call, { code: 200, body })
    } catch (thrown) {
      const mayRetry = verb === 'patch' && attempt < patchTriesMax
      if (!mayRetry || !isApiError(thrown, 'Conflict')) throw thrown
    }
}

type Change = (before: Scale) => unknown

async function readScale(call: ObjectCall): Promise<Change> {
  const body = await readObject(call.request)
  return () => body
}

async function readScalePatch(call: ObjectCall): Promise<Change> {
  const type = contentType(call.request)
  const body = parseText(await readText(call.request), 'JSON')
  if (type === 'application/json-patch+json') return (before) => applyJsonPatch(before, body)
  const isMerge =
    type === 'application/merge-patch+json' || type === 'application/strategic-merge-patch+json'
  if (!isMerge)
    throw new ApiError(
      'UnsupportedMediaType',
      `a Scale takes no patch of the type ${type}: send application/merge-patch+json`,
    )
  // No list is in a Scale, so a strategic patch is a merge patch.
  return (before) => applyMergePatch(before, body)
}

async function scaleOnce(server: ServerContext, call: ObjectCall, change: Change): Promise<Scale> {
  const { target, query } = call
  const { kind } = target
  const object = await readStored(server, target)
  const wanted = change(scaleOf(kind, object))
  const replicas = replicasOf(kind, object, wanted)
  const next = cloneJson(object) as KubeObject
  setAt(next, kind.scale?.specReplicasPath ?? '', replicas)
  const updated: StoredObject = await server.state.update(kind, next, {
    dryRun: isDryRun(query.getAll('dryRun')),
    fieldManager: fieldManagerOf(call, 'UpdateOptions'),
    managedAs: 'scale',
  })
  return scaleOf(kind, updated)
}

/** What is wanted, once it is sure that it is meant for this object at this version. */
function replicasOf(kind: AnyKind, object: StoredObject, wanted: unknown): number {
  if (!isPlainObject(wanted)) throw badRequest('a Scale must be an object')
  const metadata = isPlainObject(wanted['metadata']) ? wanted['metadata'] : {}
  const spec = isPlainObject(wanted['spec']) ? wanted['spec'] : {}
  const { name, resourceVersion, uid } = object.metadata
  if (metadata['name'] !== undefined && metadata['name'] !== name)
    throw badRequest(
      `the name of the object (${JSON.stringify(metadata['name'])}) does not match the name on the URL (${name})`,
    )
  if ((metadata['resourceVersion'] ?? resourceVersion) !== resourceVersion)
    throw conflict(kind, name, modifiedMessage)
  if ((metadata['uid'] ?? uid) !== uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${JSON.stringify(metadata['uid'])}, UID in object meta: ${uid}`,
    )
  const replicas = spec['replicas'] ?? 0
  if (!Number.isInteger(replicas)) throw badRequest('spec.replicas of a Scale must be an integer')
  if ((replicas as number) < 0) {
    const problem: Problem = {
      path: 'spec.replicas',
      type: 'Invalid',
      value: replicas,
      message: 'should be a non-negative integer',
    }
    throw invalid(scaleKind, name, [problem])
  }
  return replicas as number
}

function scaleOf(kind: AnyKind, object: StoredObject): Scale {
  const { scale } = kind
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  if (scale === undefined)
    throw new Error(`Broken assumption: ${resourceName(kind)} has no scale and was asked for it`)
  const selector =
    scale.labelSelectorPath === undefined ? undefined : valueAt(object, scale.labelSelectorPath)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: numberOf('replicas', valueAt(object, scale.specReplicasPath)),
    status: {
      replicas: Number(valueAt(object, scale.statusReplicasPath) ?? 0),
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  }
}

/** Zero is left out, as Kubernetes' own type does. */
function numberOf(name: string, value: unknown): Record<string, unknown> {
  return typeof value === 'number' && value !== 0 ? { [name]: value } : {}
}

function setAt(object: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.replace(/^\./, '').split('.')
  let at = object
  for (const name of names.slice(0, -1)) {
    if (!isPlainObject(at[name])) setKey(at, name, {})
    at = at[name] as Record<string, unknown>
  }
  setKey(at, names.at(-1)!, value)
}
