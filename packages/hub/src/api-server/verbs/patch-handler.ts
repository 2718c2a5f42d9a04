import type { AnyKind } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import { ApiError, badRequest, conflict, invalid, isApiError } from '@skerry/api/status'
import type { StoredText } from '@skerry/api/text-state'
import { sendStored, warnOfAll } from '../wire/answer.ts'
import { attributesOf, forbidden } from '../authorization.ts'
import type { ObjectCall, ServerContext } from '../call.ts'
import { decodeObject } from '../wire/decode-object.ts'
import { patchTriesMax } from '../limits.ts'
import { type Patch, readPatch } from './read-patch.ts'
import { isDryRun } from './request-options.ts'
import { storeCreate, storeUpdate } from './write-handlers.ts'

/** Changes an object by a patch, or makes it by an apply; tries again when somebody else was faster. */
export async function servePatch(server: ServerContext, call: ObjectCall): Promise<void> {
  const patch = await readPatch(server, call)
  const dryRun = isDryRun(call.query.getAll('dryRun'), 'PatchOptions')
  for (let attempt = 1; ; attempt += 1) {
    const mayRetry = attempt < patchTriesMax
    if (await patchOnce(server, call, { patch, dryRun, mayRetry, isFirst: attempt === 1 })) return
  }
}

type Attempt = {
  readonly patch: Patch
  readonly dryRun: boolean
  readonly mayRetry: boolean
  readonly isFirst: boolean
}

/** Reads, decides and writes; false if the object changed between. */
async function patchOnce(
  server: ServerContext,
  call: ObjectCall,
  { patch, dryRun, mayRetry, isFirst }: Attempt,
): Promise<boolean> {
  const { target, query, user } = call
  const { kind, namespace, name } = target
  // Shared with all who read it: patches and admission make something new of it.
  const before = (await server.texts.getText(kind, { namespace, name }))?.object
  const { object: patched, isOfVersion, warnings: odd = [] } = patch.decide(before)
  assertSameObject(call, patched as KubeObject, before)
  const { object, warnings } = decodeObject(target, patched, query)
  if (isFirst) warnOfAll(call.response, [...odd, ...warnings])
  if (before === undefined) await assertMayCreate(server, call, object)
  const admit = server.extensions.admit(kind, target.subresource)
  const operation = before === undefined ? 'create' : 'update'
  const admitted =
    admit === undefined ? object : await admit(operation, object, before, { user, dryRun })
  const written = await write(server, call, { object: admitted, before, patch, dryRun }).catch(
    (thrown: unknown) => {
      const isStale = isApiError(thrown, 'Conflict', 'AlreadyExists') && mayRetry && !isOfVersion
      if (!isStale) throw thrown
      return undefined
    },
  )
  if (written === undefined) return false
  const code = before === undefined ? 201 : 200
  await sendStored(server, call, { code, kind, stored: written })
  return true
}

type Writing = {
  readonly object: KubeObject
  readonly before: StoredObject | undefined
  readonly patch: Patch
  readonly dryRun: boolean
}

function write(
  server: ServerContext,
  { target }: ObjectCall,
  { object, before, patch, dryRun }: Writing,
): Promise<StoredText> {
  const { fieldManager, isApplied } = patch
  const options = { dryRun, fieldManager, isApplied }
  if (before === undefined) return storeCreate(server, target, { object, ...options })
  // A patch that removes the version still means the object that it was applied to.
  object.metadata.resourceVersion ??= before.metadata.resourceVersion
  return storeUpdate(server, target, { object, ...options })
}

/** A patch may say which object it means; it cannot make another of it. */
function assertSameObject(
  { target }: ObjectCall,
  patched: Partial<KubeObject>,
  before: StoredObject | undefined,
): void {
  const { kind, name } = target
  const { uid = '', name: given = '' } = patched.metadata ?? {}
  if (before === undefined && uid !== '')
    throw conflict(
      kind,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  if (given === '')
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  if (before !== undefined && uid !== '' && uid !== before.metadata.uid)
    throw immutableUid(kind, name, uid)
}

/** A kube-apiserver gives the cause twice. */
function immutableUid(kind: AnyKind, name: string, uid: string): ApiError {
  const message = 'field is immutable'
  const { status } = invalid(kind, name, [
    { path: 'metadata.uid', type: 'Invalid', value: uid, message },
  ])
  const { causes = [] } = status.details ?? {}
  return new ApiError('Invalid', status.message, {
    ...status.details,
    causes: [...causes, ...causes],
  })
}

/** Who may patch what is there may not yet make what is not. */
async function assertMayCreate(
  server: ServerContext,
  { user, target }: ObjectCall,
  object: KubeObject,
): Promise<void> {
  const attributes = attributesOf('create', target)
  const decision = await server.authorize(user, attributes)
  if (!decision.allowed) throw forbidden(user, attributes, decision.reason)
  if (decision.sites?.has(target.kind, object) === false) throw forbidden(user, attributes, '')
}
