import { isPlainObject } from '@skerry/base/json'
import type { AnyKind } from '@skerry/api/kind'
import { goJsonType } from '@skerry/api/go-text'
import { applyConfiguration } from '@skerry/api/managed-fields/apply-configuration'
import type { StoredObject } from '@skerry/api/object'
import { applyPatchType, patchTypes } from '@skerry/api/openapi-operation'
import { applyJsonPatch } from '@skerry/api/patch-json'
import { applyMergePatch } from '@skerry/api/patch-merge'
import { applyStrategicPatch } from '@skerry/api/patch-strategic'
import { ApiError, badRequest, isApiError, notFound } from '@skerry/api/status'
import { contentType, parseText, readText } from '../wire/body.ts'
import type { ObjectCall, ServerContext } from '../call.ts'
import { duplicateFields } from '../wire/duplicate-fields.ts'
import { fieldValidationOf } from './request-options.ts'
import { applyOptionsOf, assertNotForced, fieldManagerOf } from './write-options.ts'

/** What a patch makes of an object, and how that is stored. Nothing is read of it before the object is. */
export type Patch = {
  /** The object afterwards; throws ApiError. Undefined: there is none yet. */
  readonly decide: (before: StoredObject | undefined) => Decided
  /** Who writes; absent for an apply, which has decided that already. */
  readonly fieldManager?: string
  readonly isApplied: boolean
}

export type Decided = {
  readonly object: Record<string, unknown>
  /** Whether the patch says which version it is for: then it is tried once. */
  readonly isOfVersion: boolean
  /** What is odd about the patch itself. */
  readonly warnings?: readonly string[]
}

export async function readPatch(server: ServerContext, call: ObjectCall): Promise<Patch> {
  const { request, target } = call
  const type = contentType(request)
  const accepted = patchTypes(target.kind)
  if (!accepted.includes(type)) throw unsupported(target.kind, accepted)
  const text = await readText(request)
  if (type === applyPatchType) return readApply(server, call, text)
  assertNotForced(call)
  return {
    fieldManager: fieldManagerOf(call, 'PatchOptions'),
    isApplied: false,
    decide: (before) => {
      if (before === undefined) throw notFound(target.kind, target.name)
      return decidePatch(target.kind, { type, text, before })
    },
  }
}

/** Kubernetes' own kinds and custom ones are refused at different places, and in different words. */
const unsupported = (kind: AnyKind, accepted: readonly string[]): ApiError =>
  kind.isBuiltIn
    ? new ApiError('UnsupportedMediaType', '415: Unsupported Media Type', {})
    : new ApiError(
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
      )

function readApply({ clock }: ServerContext, call: ObjectCall, text: string): Patch {
  const { kind, name, subresource = '' } = call.target
  const options = applyOptionsOf(call)
  return {
    isApplied: true,
    decide: (before) => {
      if (before === undefined && subresource !== '') throw notFound(kind, name)
      const config = readConfig(text)
      const apply = { ...options, subresource, nowMs: clock.now() }
      const object = applyConfiguration(kind, before, config, apply)
      return { object, isOfVersion: namesVersion(config), warnings: oddities(config, call.query) }
    },
  }
}

function readConfig(text: string): Record<string, unknown> {
  const config = prefixed('error decoding YAML', () =>
    text.trim() === '' ? {} : (parseConfig(text) ?? {}),
  )
  if (isPlainObject(config)) return config
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: ${notAMap(config)}`,
  )
}

/** Programs send JSON, which is read a hundred times faster than the YAML that it is as well. */
function parseConfig(text: string): unknown {
  if (!/^\s*\{/.test(text)) return parseText(text, 'YAML')
  try {
    return parseText(text, 'JSON')
  } catch (thrown) {
    if (!isApiError(thrown, 'BadRequest')) throw thrown
    return parseText(text, 'YAML')
  }
}

/** Fields that stand twice, told or refused as `fieldValidation` says. */
function oddities(config: Record<string, unknown>, query: URLSearchParams): readonly string[] {
  const validation = fieldValidationOf(query, 'PatchOptions')
  const found = validation === 'Ignore' ? [] : duplicateFields(config)
  const told = found.map(
    (path) =>
      `line 1: key ${JSON.stringify(path.slice(path.lastIndexOf('.') + 1))} already set in map`,
  )
  if (validation === 'Strict' && told.length > 0)
    throw badRequest(
      `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  ${told.join('\n  ')}`,
    )
  return told
}

type Patching = { readonly type: string; readonly text: string; readonly before: StoredObject }

function decidePatch(kind: AnyKind, { type, text, before }: Patching): Decided {
  const body = prefixed('error decoding patch', () => parseText(text, 'JSON'))
  if (type === 'application/json-patch+json') {
    const object = applyJsonPatch(before, body)
    const isOfVersion =
      Array.isArray(body) &&
      body.some((item) => isPlainObject(item) && item['path'] === '/metadata/resourceVersion')
    if (!isPlainObject(object)) throw badRequest('the patch leaves no object')
    return { object, isOfVersion }
  }
  if (type === 'application/merge-patch+json') {
    if (body === null) throw badRequest('Invalid JSON Patch')
    if (!isPlainObject(body)) throw badRequest(`error decoding patch: ${notAMap(body)}`)
    const object = applyMergePatch(before, body) as Record<string, unknown>
    return { object, isOfVersion: namesVersion(body) }
  }
  if (body !== null && !isPlainObject(body)) throw badRequest(notAMap(body))
  const object = applyStrategicPatch(kind, before, body ?? {}) as Record<string, unknown>
  return { object, isOfVersion: body !== null && namesVersion(body) }
}

function namesVersion({ metadata }: Record<string, unknown>): boolean {
  return isPlainObject(metadata) && (metadata['resourceVersion'] ?? '') !== ''
}

const notAMap = (value: unknown): string =>
  `json: cannot unmarshal ${goJsonType(value)} into Go value of type map[string]interface {}`

function prefixed<T>(prefix: string, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (isApiError(thrown, 'BadRequest')) throw badRequest(`${prefix}: ${thrown.message}`)
    throw thrown
  }
}
