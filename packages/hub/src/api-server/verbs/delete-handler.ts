import type { StoredObject } from '@skerry/api/object'
import { isApiError, namedDetails } from '@skerry/api/status'
import { sendAnswer, shapedList, shapedObject } from '../wire/answer.ts'
import type { ApiRequest } from '../authorization.ts'
import type { ObjectCall, ResourceCall, ServerContext } from '../call.ts'
import { deleteOptionsOf } from './delete-options.ts'
import { readStored } from './get-handler.ts'
import { listOptionsOf } from './request-options.ts'

/**
 * Deletes an object. The answer is a Status if it is gone and the object if finalizers keep it;
 * `Prefer: return=representation` (RFC 7240) asks for the object in either case.
 */
export async function serveDelete(server: ServerContext, call: ObjectCall): Promise<void> {
  const { kind, namespace, name } = call.target
  const options = await deleteOptionsOf(call)
  const admit = server.extensions.admit(kind)
  if (admit !== undefined) {
    const before = await readStored(server, call.target)
    await admit('delete', before, before, { user: call.user, dryRun: options.dryRun === true })
  }
  const object: StoredObject = await server.state.delete(kind, { namespace, name }, options)
  const isKept = object.metadata.deletionTimestamp !== undefined
  const body =
    isKept || prefersObject(call.request)
      ? shapedObject(server, call, { kind, object })
      : {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Success',
          details: { ...namedDetails(kind, name), uid: object.metadata.uid },
        }
  await sendAnswer(call, { code: 200, body })
}

function prefersObject(request: ApiRequest): boolean {
  return /\breturn=representation\b/.test(String(request.headers['prefer'] ?? ''))
}

/** Deletes whatever the selectors choose; answers with the list of what was deleted. */
export async function serveDeleteCollection(
  server: ServerContext,
  call: ResourceCall,
): Promise<void> {
  const { kind } = call.target
  const options = await deleteOptionsOf(call)
  const admit = server.extensions.admit(kind)
  const context = { user: call.user, dryRun: options.dryRun === true }
  const list = await server.state.list(kind, listOptionsOf(call))
  const items: StoredObject[] = []
  for (const object of list.items) {
    const { namespace, name, uid } = object.metadata
    if (admit !== undefined) await admit('delete', object, object, context)
    const preconditions = { uid, ...options.preconditions }
    try {
      const key = { namespace, name }
      items.push(await server.state.delete(kind, key, { ...options, preconditions }))
    } catch (thrown) {
      // Somebody else deleted it, or made it anew: what was listed is gone.
      const isOurs = isApiError(thrown, 'Conflict') && options.preconditions?.uid === undefined
      if (!isOurs && !isApiError(thrown, 'NotFound')) throw thrown
    }
  }
  // Lists of Kubernetes' own kinds do not repeat the type of each item.
  const listed = kind.isBuiltIn && call.accepted.as === undefined ? items.map(withoutType) : items
  const body = shapedList(server, call, { kind, list: { ...list, items: listed } })
  await sendAnswer(call, { code: 200, body })
}

function withoutType(object: StoredObject): StoredObject {
  const { apiVersion: _, kind: __, ...rest } = object
  return rest as StoredObject
}
