import type { AnyKind } from '@skerry/api/kind'
import { pathNameProblems } from '@skerry/api/name'
import { parseFieldSelector } from '@skerry/api/selector'
import type { Attributes } from './authorization.ts'

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/**
 * What a path asks for that leads nowhere here: a resource that does not exist, or no resource. Who may not
 * ask for it is told so, in the words for the one or the other, before anybody says that it is not there.
 */
export function attributesOfPath(method: string, path: string, query: URLSearchParams): Attributes {
  const [prefix, ...parts] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decoded)
  const isCore = prefix === 'api'
  const isResource = (isCore && parts.length >= 2) || (prefix === 'apis' && parts.length >= 3)
  if (!isResource) return { type: 'path', verb: method.toLowerCase(), path }
  const [group = '', version = '', ...rest] = isCore ? ['', ...parts] : parts
  const isWithin = rest[0] === 'namespaces' && rest.length > 1
  const isPart = rest[2] === 'status' || rest[2] === 'finalize'
  const [resource = '', name, subresource] =
    isWithin && rest.length > 2 && !isPart ? rest.slice(2) : rest
  const verb = Object.hasOwn(verbs, method) ? verbs[method]! : ''
  return {
    type: 'resource',
    verb: name === undefined ? verbOfAll(verb, query) : verb,
    group,
    version,
    resource,
    subresource,
    namespace: isWithin ? rest[1] : undefined,
    name,
  }
}

function verbOfAll(verb: string, query: URLSearchParams): string {
  if (verb === 'delete') return 'deletecollection'
  if (verb !== 'get') return verb
  const watch = query.get('watch')
  return watch === null || watch === 'false' || watch === '0' ? 'list' : 'watch'
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/**
 * Whoever lists or watches one object by its name, with a field selector, needs to be allowed that name
 * alone; so does kubectl when it waits for one.
 */
export function withSelectedName(
  attributes: Attributes,
  kind: AnyKind,
  query: URLSearchParams,
): Attributes {
  if (attributes.type === 'path' || attributes.name !== undefined) return attributes
  if (attributes.verb !== 'list' && attributes.verb !== 'watch') return attributes
  const text = query.get('fieldSelector') ?? ''
  if (!text.includes('metadata.name')) return attributes
  const name = selectedName(text, kind)
  return name === undefined ? attributes : { ...attributes, name }
}

function selectedName(text: string, kind: AnyKind): string | undefined {
  try {
    const found = parseFieldSelector(text, kind).find(
      ({ path, operator }) => path === 'metadata.name' && operator === '=',
    )
    return found === undefined || pathNameProblems(found.value, '').length > 0
      ? undefined
      : found.value
  } catch {
    // What is wrong with it is said by whoever reads the list.
    return undefined
  }
}
