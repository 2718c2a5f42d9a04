import { isPlainObject } from '@skerry/base/json'
import type { StoredObject } from '@skerry/api/object'
import type { DeleteOptions } from '@skerry/api/state'
import { badRequest, isApiError } from '@skerry/api/status'
import { sendAnswer, shapedList, shapedObject } from './answer.ts'
import type { ApiRequest } from './authorization.ts'
import { readBody } from './body.ts'
import type { ObjectCall, ResourceCall, ServerContext } from './call.ts'
import { readStored } from './object-handlers.ts'
import { isDryRun, listOptionsOf } from './request-options.ts'

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
  const isKept = (object.metadata.finalizers ?? []).length > 0
  const body =
    isKept || prefersObject(call.request)
      ? shapedObject(server, call, { kind, object })
      : {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Success',
          details: { name, group: kind.group, kind: kind.plural, uid: object.metadata.uid },
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
    const preconditions = { ...options.preconditions, uid }
    try {
      const key = { namespace, name }
      items.push(await server.state.delete(kind, key, { ...options, preconditions }))
    } catch (thrown) {
      // Somebody else deleted it, or made it anew: what was listed is gone.
      if (!isApiError(thrown, 'NotFound', 'Conflict')) throw thrown
    }
  }
  const body = shapedList(server, call, { kind, list: { ...list, items } })
  await sendAnswer(call, { code: 200, body })
}

const policies = ['Background', 'Foreground', 'Orphan'] as const

async function deleteOptionsOf({ request, query }: ResourceCall): Promise<DeleteOptions> {
  const body = (await readBody(request)) ?? {}
  if (!isPlainObject(body)) throw badRequest('the body of the request must be DeleteOptions')
  if (body['kind'] !== undefined && body['kind'] !== 'DeleteOptions')
    throw badRequest(
      `the body of the request must be DeleteOptions, not ${JSON.stringify(body['kind'])}`,
    )
  const dryRuns: unknown = body['dryRun'] ?? []
  if (!Array.isArray(dryRuns)) throw badRequest('dryRun must be a list')
  return {
    dryRun: isDryRun([...query.getAll('dryRun'), ...(dryRuns as unknown[])]),
    propagationPolicy: propagationPolicyOf(body, query),
    preconditions: preconditionsOf(body['preconditions']),
  }
}

function propagationPolicyOf(
  body: Record<string, unknown>,
  query: URLSearchParams,
): DeleteOptions['propagationPolicy'] {
  const given = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? ''
  const isOrphan = body['orphanDependents'] === true || query.get('orphanDependents') === 'true'
  if (given === '') return isOrphan ? 'Orphan' : undefined
  const policy = policies.find((name) => name === given)
  if (policy === undefined)
    throw badRequest(
      `propagationPolicy: Unsupported value: ${JSON.stringify(given)}: supported values: ${policies.join(', ')}`,
    )
  return policy
}

function preconditionsOf(given: unknown): DeleteOptions['preconditions'] {
  if (given === undefined || given === null) return undefined
  if (!isPlainObject(given)) throw badRequest('preconditions must be an object')
  const { uid, resourceVersion } = given
  for (const value of [uid, resourceVersion])
    if (value !== undefined && value !== null && typeof value !== 'string')
      throw badRequest('preconditions.uid and preconditions.resourceVersion must be strings')
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  }
}
