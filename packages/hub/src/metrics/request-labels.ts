import type { Attributes } from '../api-server/authorization.ts'

/** The labels of a kube-apiserver's metrics of requests. */
export type RequestLabels = {
  readonly verb: string
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly scope: string
  readonly component: string
}

const verbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  post: 'POST',
  put: 'PUT',
  head: 'GET',
  options: 'OPTIONS',
}

/** Paths beside the resources that are told apart; clients can think of any number of others. */
const knownPaths: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'openapi',
  'version',
  'healthz',
  'livez',
  'readyz',
  'metrics',
])

const component = 'apiserver'
const none = { group: '', version: '', resource: '', scope: '', component }

/** The labels of a request; of one that came to nothing before it was understood, `other`. */
export function requestLabels(attributes: Attributes | undefined): RequestLabels {
  if (attributes === undefined) return { ...none, verb: 'other', subresource: '' }
  const verb = verbOf(attributes.verb)
  if (attributes.type === 'path') {
    const first = attributes.path.split('/', 2)[1] ?? ''
    return { ...none, verb, subresource: knownPaths.has(first) ? `/${first}` : '' }
  }
  const { group, version, resource, subresource = '', namespace, name } = attributes
  const scope =
    name !== undefined || attributes.verb === 'create'
      ? 'resource'
      : namespace === undefined
        ? 'cluster'
        : 'namespace'
  return { verb, group, version, resource, subresource, scope, component }
}

/** What counts when too many sets of labels are told apart already. */
export const otherLabels: RequestLabels = {
  ...none,
  verb: 'other',
  resource: 'other',
  subresource: '',
}

function verbOf(verb: string): string {
  return Object.hasOwn(verbs, verb) ? verbs[verb]! : 'other'
}
