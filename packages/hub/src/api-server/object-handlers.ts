import type { KubeObject, StoredObject } from '@skerry/api/object'
import { notFound } from '@skerry/api/status'
import { sendAnswer, shapedList, shapedObject } from './answer.ts'
import type { ResourceTarget } from './authorization.ts'
import { readObject } from './body.ts'
import type { ObjectCall, ResourceCall, ServerContext } from './call.ts'
import { decodeObject } from './decode-object.ts'
import { isDryRun, listOptionsOf } from './request-options.ts'

export async function serveGet(server: ServerContext, call: ObjectCall): Promise<void> {
  const { kind } = call.target
  const object = await readStored(server, call.target)
  await sendAnswer(call, { code: 200, body: shapedObject(server, call, { kind, object }) })
}

/** The object that a call names; throws NotFound. */
export async function readStored(
  { state }: Pick<ServerContext, 'state'>,
  { kind, namespace, name }: ObjectCall['target'],
): Promise<StoredObject> {
  const object = await state.get(kind, { namespace, name })
  if (object === undefined) throw notFound(kind, name)
  return object
}

export async function serveList(server: ServerContext, call: ResourceCall): Promise<void> {
  const { kind } = call.target
  const list = await server.state.list(kind, listOptionsOf(call))
  await sendAnswer(call, { code: 200, body: shapedList(server, call, { kind, list }) })
}

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
  const admit = target.subresource === undefined ? server.extensions.admit(kind) : undefined
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
    ...(subresource === 'status' ? { subresource } : {}),
  })
}
