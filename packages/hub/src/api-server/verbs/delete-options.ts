import { isPlainObject } from '@skerry/base/json'
import { goJsonType } from '@skerry/api/go-text'
import type { Problem } from '@skerry/api/problem'
import { boolean, integer, list, object, optional, string } from '@skerry/api/schema'
import type { DeleteOptions } from '@skerry/api/state'
import { badRequest } from '@skerry/api/status'
import { readBody } from '../wire/body.ts'
import type { ResourceCall } from '../call.ts'
import { decodeStruct } from '../wire/go-decode.ts'
import { countOf, invalidOptions, isDryRun } from './request-options.ts'

const schema = object(
  {
    gracePeriodSeconds: optional(integer('Not used.')),
    preconditions: optional(
      object(
        { uid: optional(string('Of the object.')), resourceVersion: optional(string('Of it.')) },
        'What must hold.',
      ),
    ),
    orphanDependents: optional(boolean('The old way to say Orphan.')),
    propagationPolicy: optional(string('Background, Foreground or Orphan.')),
    dryRun: optional(list(string('All.'), 'All: nothing is stored.')),
  },
  'How an object is to be deleted.',
)

type Body = {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly orphanDependents?: boolean
  readonly propagationPolicy?: string
  readonly dryRun?: readonly string[]
}

/** How something is to be deleted: what the body says, and the URL where the body says nothing. */
export async function deleteOptionsOf({ request, query }: ResourceCall): Promise<DeleteOptions> {
  const body = bodyOf(await readBody(request))
  countOf(query, 'gracePeriodSeconds')
  const dryRun = isDryRun([...query.getAll('dryRun'), ...(body.dryRun ?? [])], 'DeleteOptions')
  return {
    dryRun,
    propagationPolicy: propagationPolicyOf(body, query),
    preconditions: body.preconditions,
  }
}

function bodyOf(body: unknown): Body {
  if (body === undefined || body === null) return {}
  if (!isPlainObject(body))
    throw badRequest(
      String.raw`couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonType(body)} into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`,
    )
  const { kind = '', apiVersion = 'v1' } = body
  if (kind !== '' && kind !== 'DeleteOptions')
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    )
  return decodeStruct(schema, body, 'DeleteOptions') as Body
}

const policies = ['Foreground', 'Background', 'Orphan'] as const

function propagationPolicyOf(
  body: Body,
  query: URLSearchParams,
): DeleteOptions['propagationPolicy'] {
  const given = body.propagationPolicy ?? query.get('propagationPolicy') ?? ''
  const orphan = body.orphanDependents?.toString() ?? query.get('orphanDependents')
  if (given === '') return orphan === 'true' ? 'Orphan' : undefined
  const problem = (type: Problem['type'], message: string) =>
    invalidOptions('DeleteOptions', [{ path: 'propagationPolicy', type, value: given, message }])
  const policy = policies.find((name) => name === given)
  if (policy === undefined)
    throw problem('NotSupported', 'supported values: "Foreground", "Background", "Orphan", "nil"')
  if (orphan !== null)
    throw problem('Invalid', 'orphanDependents and deletionPropagation cannot be both set')
  return policy
}
