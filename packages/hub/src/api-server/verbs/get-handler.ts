import type { StoredObject } from '@skerry/api/object'
import { notFound } from '@skerry/api/status'
import { sendStored } from '../wire/answer.ts'
import type { ObjectCall, ServerContext } from '../call.ts'
import { tooLargeVersion, unreadableVersion, versionNumber } from './read-options.ts'

export async function serveGet(server: ServerContext, call: ObjectCall): Promise<void> {
  const { kind, namespace, name } = call.target
  const asked = versionNumber(call.query.get('resourceVersion') ?? '', unreadableVersion)
  const stored = await server.texts.getText(kind, { namespace, name })
  if (asked > 0) await assertReached(server, asked)
  if (stored === undefined) throw notFound(kind, name)
  await sendStored(server, call, { code: 200, kind, stored })
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
