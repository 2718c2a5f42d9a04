import { apiVersionOf } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import type { WriteOptions } from '@skerry/api/state'
import type { StoredText } from '@skerry/api/text-state'
import { sendStored, warnOfAll } from '../wire/answer.ts'
import type { ResourceTarget } from '../authorization.ts'
import { readObject } from '../wire/body.ts'
import type { ObjectCall, ResourceCall, ServerContext } from '../call.ts'
import { decodeObject, decodeReplacement } from '../wire/decode-object.ts'
import { readStored } from './get-handler.ts'
import { isDryRun } from './request-options.ts'
import { fieldManagerOf } from './write-options.ts'

export async function serveCreate(server: ServerContext, call: ResourceCall): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  const dryRun = isDryRun(query.getAll('dryRun'), 'CreateOptions')
  const fieldManager = fieldManagerOf(call, 'CreateOptions')
  const { object, warnings } = decodeObject(target, await readObject(call.request, kind), query)
  warnOfAll(call.response, warnings)
  const admit = server.extensions.admit(kind)
  const admitted =
    admit === undefined ? object : await admit('create', object, undefined, { user, dryRun })
  const created = await storeCreate(server, target, {
    object: admitted,
    dryRun,
    fieldManager,
  })
  await sendStored(server, call, { code: 201, kind, stored: created })
}

export async function serveUpdate(server: ServerContext, call: ObjectCall): Promise<void> {
  const { target, query, user } = call
  const { kind } = target
  const dryRun = isDryRun(query.getAll('dryRun'), 'UpdateOptions')
  const fieldManager = fieldManagerOf(call, 'UpdateOptions')
  const { object, warnings } = decodeReplacement(
    target,
    await readObject(call.request, kind),
    query,
  )
  warnOfAll(call.response, warnings)
  const admit = server.extensions.admit(kind, target.subresource)
  const admitted =
    admit === undefined
      ? object
      : await admit('update', object, await readStored(server, target), { user, dryRun })
  const updated = await storeUpdate(server, target, { object: admitted, dryRun, fieldManager })
  await sendStored(server, call, { code: 200, kind, stored: updated })
}

/** Stores a new object. What was only tried has no version. */
export async function storeCreate(
  { texts }: Pick<ServerContext, 'texts'>,
  { kind }: ResourceTarget,
  { object, ...options }: WriteOptions & { readonly object: KubeObject },
): Promise<StoredText> {
  const created = await texts.createText(kind, object, {
    ...options,
    managedVersion: apiVersionOf(kind),
  })
  if (!options.dryRun) return created
  const { resourceVersion: _, ...metadata } = created.object.metadata
  const tried = { ...created.object, metadata } as StoredObject
  return { object: tried, text: JSON.stringify(tried) }
}

/** Writes the part of the object that the call names: everything but status, or status. */
export async function storeUpdate(
  { texts }: Pick<ServerContext, 'texts'>,
  { kind, subresource }: ResourceTarget,
  { object, ...options }: WriteOptions & { readonly object: KubeObject },
): Promise<StoredText> {
  return texts.updateText(kind, object, {
    ...options,
    ...(subresource === undefined ? {} : { subresource: 'status', managedAs: subresource }),
    managedVersion: apiVersionOf(kind),
  })
}
