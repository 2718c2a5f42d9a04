import { type AnyKind, apiVersionOf } from './kind.ts'
import { metaSchemaNames, schemaName } from './openapi-schema.ts'

/** One verb on one path, as both versions of OpenAPI describe it. */
export type Operation = {
  readonly path: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly id: string
  readonly action: string
  readonly description: string
  readonly kind: AnyKind
  /** Names of schemas. */
  readonly request?: string
  readonly response: string
  readonly parameters: readonly Parameter[]
}

export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly type: 'string' | 'boolean' | 'integer'
  readonly description: string
}

/** Verbs of subresources that a kind declares but the generic handlers do not know. */
export type SubresourceVerbs = (kind: AnyKind, subresource: string) => readonly string[]

const query = (
  name: string,
  description: string,
  type: Parameter['type'] = 'string',
): Parameter => ({ name, in: 'query', type, description })

const pretty = query('pretty', 'Whether the answer is indented.')
const dryRun = query('dryRun', 'All: the request is checked and nothing is stored.')
const fieldManager = query('fieldManager', 'Who changes the object.')
const fieldValidation = query(
  'fieldValidation',
  'What becomes of unknown fields: Ignore, Warn or Strict.',
)
const writeParameters = [pretty, dryRun, fieldManager, fieldValidation]
const listParameters = [
  pretty,
  query('labelSelector', 'Only objects with these labels.'),
  query('fieldSelector', 'Only objects with these values.'),
  query('watch', 'Whether changes follow as a stream.', 'boolean'),
  query('resourceVersion', 'Where a watch begins.'),
  query('resourceVersionMatch', 'How resourceVersion is meant.'),
  query('sendInitialEvents', 'Whether a watch begins with what is there.', 'boolean'),
  query('allowWatchBookmarks', 'Whether a watch may send bookmarks.', 'boolean'),
  query('timeoutSeconds', 'When a watch ends.', 'integer'),
  query('limit', 'How many objects a page has at most.', 'integer'),
  query('continue', 'Where the page begins: what the page before said.'),
]
const deleteParameters = [
  pretty,
  dryRun,
  query('propagationPolicy', 'Background, Foreground or Orphan.'),
  query('gracePeriodSeconds', 'Not used.', 'integer'),
]
const pathParameter = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  type: 'string',
  description,
})

/** Media types of the patches that a kind takes. */
export function patchTypes(kind: AnyKind): string[] {
  return [
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(takesStrategicPatch(kind) ? ['application/strategic-merge-patch+json'] : []),
    applyPatchType,
  ]
}

/** Server-side apply; JSON is YAML too. */
export const applyPatchType = 'application/apply-patch+yaml'

/** Kubernetes' own kinds take strategic merge patches; others never do, there as here. */
export function takesStrategicPatch(kind: Pick<AnyKind, 'isBuiltIn'>): boolean {
  return kind.isBuiltIn === true
}

/** Every operation on these kinds. */
export function operationsOf(
  kinds: readonly AnyKind[],
  subresourceVerbs: SubresourceVerbs,
): Operation[] {
  return kinds.flatMap((kind) => [
    ...collectionOperations(kind),
    ...objectOperations(kind),
    ...(kind.hasStatus ? statusOperations(kind) : []),
    ...kind.subresources.flatMap((name) =>
      subresourceOperations(kind, name, subresourceVerbs(kind, name)),
    ),
  ])
}

type Draft = Omit<Operation, 'id' | 'kind' | 'parameters'> & {
  readonly parameters: readonly Parameter[]
  readonly suffix?: string
}

function finish(kind: AnyKind, draft: Draft): Operation {
  const { suffix = '', ...rest } = draft
  const inPath = [
    ...(draft.path.includes('{namespace}') ? [pathParameter('namespace', 'The tenant.')] : []),
    ...(draft.path.includes('{name}') ? [pathParameter('name', `Name of the ${kind.kind}.`)] : []),
  ]
  const where = draft.path.includes('{namespace}') ? 'Namespaced' : ''
  const group = `${kind.group === '' ? 'core' : kind.group}.${kind.version}`
    .split(/[.-]/)
    .map(capitalized)
    .join('')
  return {
    ...rest,
    kind,
    id: `${draft.action}${group}${where}${kind.kind}${suffix}`,
    parameters: [...inPath, ...draft.parameters],
  }
}

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** `/apis/skerry.dev/v1alpha1`, or `/api/v1`. */
export function groupVersionPath(kind: Pick<AnyKind, 'group' | 'version'>): string {
  return `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`
}

function collectionPath(kind: AnyKind): string {
  const middle = kind.scope === 'Namespaced' ? '/namespaces/{namespace}' : ''
  return `${groupVersionPath(kind)}${middle}/${kind.plural}`
}

function collectionOperations(kind: AnyKind): Operation[] {
  const path = collectionPath(kind)
  const name = schemaName(kind)
  const listing = {
    method: 'get',
    action: 'list',
    description: `list or watch ${kind.plural}`,
    response: `${name}List`,
    parameters: listParameters,
  } as const
  const everywhere =
    kind.scope === 'Namespaced'
      ? [
          finish(kind, {
            ...listing,
            path: `${groupVersionPath(kind)}/${kind.plural}`,
            suffix: 'ForAllNamespaces',
          }),
        ]
      : []
  return [
    finish(kind, { ...listing, path }),
    finish(kind, {
      path,
      method: 'post',
      action: 'post',
      description: `create a ${kind.kind}`,
      request: name,
      response: name,
      parameters: writeParameters,
    }),
    finish(kind, {
      path,
      method: 'delete',
      action: 'deletecollection',
      description: `delete ${kind.plural} by selector`,
      request: metaSchemaNames.deleteOptions,
      response: `${name}List`,
      parameters: [...deleteParameters, ...listParameters.slice(1, 3)],
      suffix: 'Collection',
    }),
    ...everywhere,
  ]
}

function objectOperations(kind: AnyKind): Operation[] {
  const path = `${collectionPath(kind)}/{name}`
  return [
    ...readAndReplace(kind, path, ''),
    finish(kind, {
      path,
      method: 'delete',
      action: 'delete',
      description: `delete a ${kind.kind}`,
      request: metaSchemaNames.deleteOptions,
      response: metaSchemaNames.status,
      parameters: deleteParameters,
    }),
  ]
}

function statusOperations(kind: AnyKind): Operation[] {
  return readAndReplace(kind, `${collectionPath(kind)}/{name}/status`, 'Status')
}

function readAndReplace(kind: AnyKind, path: string, suffix: string): Operation[] {
  const part = suffix === '' ? `a ${kind.kind}` : `the status of a ${kind.kind}`
  const name = schemaName(kind)
  const shared = { path, suffix, response: name }
  return [
    finish(kind, {
      ...shared,
      method: 'get',
      action: 'get',
      description: `read ${part}`,
      parameters: [pretty],
    }),
    finish(kind, {
      ...shared,
      method: 'put',
      action: 'put',
      description: `replace ${part}`,
      request: name,
      parameters: writeParameters,
    }),
    finish(kind, {
      ...shared,
      method: 'patch',
      action: 'patch',
      description: `change ${part}`,
      request: metaSchemaNames.patch,
      parameters: writeParameters,
    }),
  ]
}

const methodOfVerb = {
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
} as const

function subresourceOperations(
  kind: AnyKind,
  subresource: string,
  verbs: readonly string[],
): Operation[] {
  return Object.entries(methodOfVerb)
    .filter(([verb]) => verbs.includes(verb))
    .map(([, method]) =>
      finish(kind, {
        path: `${collectionPath(kind)}/{name}/${subresource}`,
        method,
        action: method,
        description: `${subresource} of a ${kind.kind}`,
        response: schemaName(kind),
        parameters: [pretty],
        suffix: capitalized(subresource),
      }),
    )
}
