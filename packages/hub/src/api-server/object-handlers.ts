import type { StoredObject } from '@skerry/api/object'
import { notFound } from '@skerry/api/status'
import { sendAnswer, sendText, shapedObject } from './answer.ts'
import { tellResponseObject } from './audit.ts'
import type { ObjectCall, ServerContext } from './call.ts'
import { tooLargeVersion, unreadableVersion, versionNumber } from './read-options.ts'

/** Sends one object. As it is, it goes from the store to the client without being looked into. */
export async function serveGet(server: ServerContext, call: ObjectCall): Promise<void> {
  const { kind, namespace, name } = call.target
  const asked = versionNumber(call.query.get('resourceVersion') ?? '', unreadableVersion)
  const stored = await server.texts.getText(kind, { namespace, name })
  if (asked > 0) await assertReached(server, asked)
  if (stored === undefined) throw notFound(kind, name)
  if (call.accepted.as !== undefined || call.accepted.format === 'yaml')
    return sendAnswer(call, {
      code: 200,
      body: shapedObject(server, call, { kind, object: stored.object }),
    })
  const { request, response } = call
  tellResponseObject(request, stored.text)
  response.setHeader('Cache-Control', 'no-cache, private')
  response.setHeader('Content-Type', 'application/json')
  await sendText(request, response, { code: 200, text: `${stored.text}\n` })
}

/** Throws Timeout for a version that nobody has been given yet, as Kubernetes does. */
export async function assertReached(
  { texts }: Pick<ServerContext, 'texts'>,
  asked: number,
): Promise<void> {
  const current = await texts.version()
  if (asked > Number(current)) throw tooLargeVersion(asked, current)
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
