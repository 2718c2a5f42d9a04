import type { KubeObject, StoredObject } from '@skerry/api/object'
import { sendAnswer, shapedObject } from './answer.ts'
import type { ResourceTarget } from './authorization.ts'
import { readObject } from './body.ts'
import type { ObjectCall, ResourceCall, ServerContext } from './call.ts'
import { decodeObject } from './decode-object.ts'
import { readStored } from './object-handlers.ts'
import { isDryRun } from './request-options.ts'

export async function serveCreate(server: ServerContext, call: ResourceCall): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  const { object, warnings } = decodeObject(target, await readObject(call.request), query)
  const dryRun = isDryRun(query.getAll('dryRun'))
  const admit = server.extensions.admit(kind)
  const admitted =
    admit === undefined ? object : await admit('create', object, undefined, { user, dryRun })
  const created = await server.state.create(kind, admitted, { dryRun })
  const body = shapedObject(server, call, { kind, object: created })
  await sendAnswer(call, { code: 201, body, warnings })
}

export async function serveUpdate(server: ServerContext, call: ObjectCall): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  const { object, warnings } = decodeObject(target, await readObject(call.request), query)
  const dryRun = isDryRun(query.getAll('dryRun'))
  const admit = server.extensions.admit(kind, target.subresource)
  const admitted =
    admit === undefined
      ? object
      : await admit('update', object, await readStored(server, target), { user, dryRun })
  const updated = await storeUpdate(server, target, { object: admitted, dryRun })
  const body = shapedObject(server, call, { kind, object: updated })
  await sendAnswer(call, { code: 200, body, warnings })
}

/** Writes the part of the object that the call names: everything but status, or status. */
export async function storeUpdate(
  { state }: Pick<ServerContext, 'state'>,
  { kind, subresource }: ResourceTarget,
  { object, dryRun }: { readonly object: KubeObject; readonly dryRun: boolean },
): Promise<StoredObject> {
  return state.update(kind, object, {
    dryRun,
    ...(subresource === undefined ? {} : { subresource: 'status' }),
  })
}
