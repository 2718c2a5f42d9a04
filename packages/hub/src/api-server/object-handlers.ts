import type { StoredObject } from '@skerry/api/object'
import { notFound } from '@skerry/api/status'
import { sendAnswer, shapedList, shapedObject } from './answer.ts'
import type { ObjectCall, ResourceCall, ServerContext } from './call.ts'
import { listOptionsOf } from './request-options.ts'

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
