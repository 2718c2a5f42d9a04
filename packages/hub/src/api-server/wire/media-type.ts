import { ApiError } from '@skerry/api/status'
import { acceptClausesMax } from '../limits.ts'

/** Known, and not answered in. */
const protobufType = 'application/vnd.kubernetes.protobuf'

/** What form of an answer the client takes. */
export type Accepted = {
  readonly format: 'json' | 'yaml'
  /** Another shape than the object itself: `Table`, `PartialObjectMetadata`, `APIGroupDiscoveryList`. */
  readonly as?: string
  /** The version of that shape. */
  readonly version?: string
}

/** Shapes that the server makes, with their groups and versions. */
const shapes: ReadonlySet<string> = new Set([
  'Table/meta.k8s.io/v1',
  'PartialObjectMetadata/meta.k8s.io/v1',
  'PartialObjectMetadataList/meta.k8s.io/v1',
  'APIGroupDiscoveryList/apidiscovery.k8s.io/v2',
  'APIGroupDiscoveryList/apidiscovery.k8s.io/v2beta1',
])

const formats: Readonly<Record<string, Accepted['format']>> = {
  '*/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
}

/** The first clause of an Accept header that the server can satisfy; throws NotAcceptable. */
export function negotiate(header: string | undefined, mayShape = true): Accepted {
  if (header === undefined || header.trim() === '') return { format: 'json' }
  const clauses = header
    .split(',', acceptClausesMax)
    .map(parseMediaType)
    .toSorted((left, right) => weightOf(right) - weightOf(left))
  for (const clause of clauses) {
    const accepted = acceptedBy(clause)
    if (accepted !== undefined && (accepted.as === undefined || mayShape)) return accepted
  }
  const types = 'application/json, application/yaml'
  throw clauses.some(({ type }) => type === protobufType || Object.hasOwn(formats, type))
    ? new ApiError('NotAcceptable', `only the following media types are accepted: ${types}`)
    : new ApiError(
        'NotAcceptable',
        `406: Not Acceptable\n\nAvailable representations: ${types}`,
        {},
      )
}

/** How much a clause is wanted. One that is not wanted at all is the last resort, as Kubernetes has it. */
function weightOf({ parameters }: MediaType): number {
  const weight = Number(parameters.get('q') ?? 1)
  return Number.isNaN(weight) ? 1 : weight
}

function acceptedBy({ type, parameters }: MediaType): Accepted | undefined {
  const format = Object.hasOwn(formats, type) ? formats[type] : undefined
  if (format === undefined) return undefined
  const as = parameters.get('as')
  if (as === undefined) return { format }
  const version = parameters.get('v') ?? ''
  return shapes.has(`${as}/${parameters.get('g')}/${version}`) ? { format, as, version } : undefined
}

export type MediaType = {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/** `application/json;as=Table` as its type and its parameters, in lower case and as they are. */
export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim())
  const parameters = rest.map((part): [string, string] => {
    const [name = '', value = ''] = part.split('=', 2)
    return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')]
  })
  return { type: type.toLowerCase(), parameters: new Map(parameters) }
}
