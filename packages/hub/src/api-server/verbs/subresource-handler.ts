import type { StoredObject } from '@skerry/api/object'
import { methodNotAllowed } from '@skerry/api/status'
import { sendAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import type { ObjectCall, ServerContext } from '../call.ts'
import type { SubresourceVerb } from '../extension.ts'
import { readStored } from './get-handler.ts'
import { isDryRun } from './request-options.ts'

/** Hands a request to the handler of a kind's own verb, such as `rollouts/x/pause`. */
export async function serveSubresource(
  server: ServerContext,
  call: ObjectCall,
  verb: SubresourceVerb,
): Promise<void> {
  const { target, query, user, request } = call
  const { kind, subresource } = target
  const handler = server.extensions.subresource(kind, subresource ?? '')
  if (handler === undefined || !handler.verbs.includes(verb)) throw methodNotAllowed()
  const body = verb === 'get' ? undefined : await readBody(request)
  const dryRun = isDryRun(query.getAll('dryRun'))
  const context = { kind, verb, body, query, user, dryRun }
  const answer =
    target.name === '-' && handler.handleAll !== undefined
      ? await handler.handleAll({ ...context, ...(await allOf(server, call)) })
      : await handler.handle({ ...context, object: await readStored(server, target) })
  await sendAnswer(call, { code: verb === 'create' ? 201 : 200, body: answer })
}

/** Which objects `-` stands for: somebody who is limited to sites means those alone. */
async function allOf(
  { state }: ServerContext,
  { target, sites }: ObjectCall,
): Promise<{ readonly namespace: string; readonly names?: readonly string[] }> {
  const { kind, namespace = '' } = target
  if (sites === undefined) return { namespace }
  const { items }: { readonly items: readonly StoredObject[] } = await state.list(kind, {
    namespace,
  })
  return { namespace, names: items.map(({ metadata }) => metadata.name) }
}
