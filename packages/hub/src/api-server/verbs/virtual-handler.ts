import { ApiError, methodNotAllowed } from '@skerry/api/status'
import { sendAnswer, shapedList } from '../wire/answer.ts'
import { readObject } from '../wire/body.ts'
import type { ResourceCall, ServerContext } from '../call.ts'
import { decodeObject } from '../wire/decode-object.ts'
import type { VirtualHandler } from '../extension.ts'
import { isDryRun } from './request-options.ts'

/** Answers for a kind of which nothing is kept. */
export async function serveVirtual(
  server: ServerContext,
  call: ResourceCall,
  { virtual, verb }: { readonly virtual: VirtualHandler; readonly verb: string },
): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  if (verb === 'create' && target.name === undefined && virtual.create !== undefined) {
    const { object, warnings } = decodeObject(target, await readObject(call.request, kind), query)
    const dryRun = isDryRun(query.getAll('dryRun'), 'CreateOptions')
    const body = await virtual.create({ kind, object, user, dryRun })
    return sendAnswer(call, { code: 201, body, warnings })
  }
  if (target.name !== undefined && virtual.list === undefined)
    throw new ApiError('NotFound', 'the server could not find the requested resource', {})
  if (verb !== 'list' || virtual.list === undefined) throw methodNotAllowed()
  const items = await virtual.list({ kind, user })
  const body = shapedList(server, call, { kind, list: { items, resourceVersion: '0' } })
  await sendAnswer(call, { code: 200, body })
}
