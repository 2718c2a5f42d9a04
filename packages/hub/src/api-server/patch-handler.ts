import { isPlainObject } from '@skerry/base/json'
import type { AnyKind } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import { patchTypes, takesStrategicPatch } from '@skerry/api/openapi-operation'
import { applyJsonPatch } from '@skerry/api/patch-json'
import { applyMergePatch } from '@skerry/api/patch-merge'
import { applyStrategicPatch } from '@skerry/api/patch-strategic'
import { ApiError, badRequest, isApiError } from '@skerry/api/status'
import { sendAnswer, shapedObject } from './answer.ts'
import { contentType, parseText, readText } from './body.ts'
import type { ObjectCall, ServerContext } from './call.ts'
import { decodeObject } from './decode-object.ts'
import { patchTriesMax } from './limits.ts'
import { readStored } from './object-handlers.ts'
import { isDryRun } from './request-options.ts'
import { storeUpdate } from './write-handlers.ts'

type Patch = {
  readonly apply: (before: StoredObject) => unknown
  /** Whether the patch says which version it is for: then it is tried once. */
  readonly isOfVersion: boolean
}

/** Changes an object by a patch; tries again when somebody else was faster. */
export async function servePatch(server: ServerContext, call: ObjectCall): Promise<void> {
  const patch = await readPatch(call)
  const dryRun = isDryRun(call.query.getAll('dryRun'))
  for (let attempt = 1; ; attempt += 1)
    try {
      return await patchOnce(server, call, { patch, dryRun })
    } catch (thrown) {
      const mayRetry = !patch.isOfVersion && attempt < patchTriesMax
      if (!mayRetry || !isApiError(thrown, 'Conflict')) throw thrown
    }
}

async function patchOnce(
  server: ServerContext,
  call: ObjectCall,
  { patch, dryRun }: { readonly patch: Patch; readonly dryRun: boolean },
): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  const before = await readStored(server, target)
  const patched = patch.apply(before)
  if (!isPlainObject(patched)) throw badRequest('the patch leaves no object')
  const { object, warnings } = decodeObject(target, patched, query)
  const admit = server.extensions.admit(kind, target.subresource)
  const admitted =
    admit === undefined ? object : await admit('update', object, before, { user, dryRun })
  // A patch that removes the version still means the object that it was applied to.
  admitted.metadata.resourceVersion ??= before.metadata.resourceVersion
  const updated = await storeUpdate(server, target, { object: admitted, dryRun })
  const body = shapedObject(server, call, { kind, object: updated })
  await sendAnswer(call, { code: 200, body, warnings })
}

async function readPatch({ request, target }: ObjectCall): Promise<Patch> {
  const { kind } = target
  const type = contentType(request)
  assertPatchType(kind, type)
  const body = parseText(await readText(request), 'JSON')
  if (type === 'application/json-patch+json')
    return {
      apply: (before) => applyJsonPatch(before, body),
      isOfVersion: Array.isArray(body) && body.some(namesVersion),
    }
  if (!isPlainObject(body)) throw badRequest('the patch must be an object')
  const { metadata } = body
  const isOfVersion = isPlainObject(metadata) && metadata['resourceVersion'] !== undefined
  return type === 'application/merge-patch+json'
    ? { apply: (before) => applyMergePatch(before, body), isOfVersion }
    : { apply: (before) => applyStrategicPatch(kind, before, body), isOfVersion }
}

function namesVersion(operation: unknown): boolean {
  return isPlainObject(operation) && operation['path'] === '/metadata/resourceVersion'
}

function assertPatchType(kind: AnyKind, type: string): void {
  const accepted = patchTypes(kind)
  if (accepted.includes(type)) return
  const why = type.startsWith('application/apply-patch')
    ? 'server-side apply is not there yet: apply from the client (kubectl apply without --server-side)'
    : type === 'application/strategic-merge-patch+json' && !takesStrategicPatch(kind)
      ? `${kind.kind} takes no strategic merge patch: use a merge patch (kubectl patch --type merge)`
      : 'the body of the request was in an unknown format'
  throw new ApiError(
    'UnsupportedMediaType',
    `${why} - accepted media types include: ${accepted.join(', ')}`,
  )
}
