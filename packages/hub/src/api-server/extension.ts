import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject, StoredObject } from '@skerry/api/object'
import type { User } from './authorization.ts'

export type SubresourceVerb = 'get' | 'create' | 'update' | 'patch' | 'delete'

export type SubresourceContext = {
  readonly kind: AnyKind
  /** The object whose subresource is asked for. */
  readonly object: StoredObject
  readonly verb: SubresourceVerb
  /** The body as JSON; undefined if there was none. */
  readonly body: unknown
  readonly query: URLSearchParams
  readonly user: User
  readonly dryRun: boolean
}

export type AllContext = Omit<SubresourceContext, 'object'> & {
  readonly namespace: string
  /** Only these; absent: all that there are. Whoever asks is limited to them. */
  readonly names?: readonly string[] | undefined
}

export type SubresourceHandler = {
  readonly verbs: readonly SubresourceVerb[]
  /** The answer; may throw ApiError. */
  handle(context: SubresourceContext): Promise<object>
  /** The answer for all objects of the namespace, asked for by the name `-`; absent: there is none. */
  handleAll?(context: AllContext): Promise<object>
}

/** Who asks, and whether anything is to be stored at all. */
export type AdmitContext = { readonly user: User; readonly dryRun: boolean }

/** What happens to an object before it is stored: returns it, changed or not, or throws ApiError. */
export type Admit = (
  operation: 'create' | 'update' | 'delete',
  object: KubeObject,
  before: StoredObject | undefined,
  context: AdmitContext,
) => Promise<KubeObject>

/** What answers for a kind of which nothing is kept: reviews, and the empty list of services. */
export type VirtualHandler = {
  /** The answer to a creation: the object with its status. */
  create?(context: {
    readonly kind: AnyKind
    readonly object: KubeObject
    readonly user: User
    readonly dryRun: boolean
  }): Promise<KubeObject>
  /** Everything that there is; absent: nothing. */
  list?(context: { readonly kind: AnyKind; readonly user: User }): Promise<StoredObject[]>
}

export type Extension = {
  /** Present: nothing of this kind is kept, and this answers. */
  readonly virtual?: VirtualHandler
  readonly subresources?: Readonly<Record<string, SubresourceHandler>>
  readonly admit?: Admit
  /** What becomes of an object before its status is written. */
  readonly admitStatus?: Admit
  /** Subresources that write a part of the status, as `approval` does: what becomes of the object before. */
  readonly statusParts?: Readonly<Record<string, Admit>>
}

/** What kinds do beyond the generic verbs, by `sites.skerry.dev`. */
export type Extensions = Readonly<Record<string, Extension>>

export type ExtensionTable = {
  subresource(kind: AnyKind, name: string): SubresourceHandler | undefined
  /** Of the object, of its status, or of a part of its status. */
  admit(kind: AnyKind, subresource?: string): Admit | undefined
  /** Whether a subresource is read and written as a part of the object's status. */
  isStatusPart(kind: AnyKind, subresource: string): boolean
  virtual(kind: AnyKind): VirtualHandler | undefined
}

/** One table of what every kind does. A promise without a handler is an error at start, and so is the reverse. */
export function extensionTable(kinds: readonly AnyKind[], extensions: Extensions): ExtensionTable {
  const problems: string[] = []
  const byResource = new Map(kinds.map((kind) => [resourceName(kind), kind]))
  const table = new Map(Object.entries(extensions))
  for (const [resource, kind] of byResource)
    for (const name of kind.subresources)
      if (handlersOf(table.get(resource))[name] === undefined)
        problems.push(`${resource} declares the subresource ${name}: give it a handler`)
  for (const [resource, extension] of table) {
    const kind = byResource.get(resource)
    if (kind === undefined) problems.push(`${resource} is extended but is no kind`)
    for (const name of Object.keys(handlersOf(extension)))
      if (kind !== undefined && !kind.subresources.includes(name))
        problems.push(`${resource} has a handler for ${name}: declare it in the kind`)
  }
  if (problems.length > 0)
    throw new Error(`The kinds and their handlers differ: ${problems.join('; ')}.`)
  return {
    subresource: (kind, name) => {
      const handlers = handlersOf(table.get(resourceName(kind)))
      return Object.hasOwn(handlers, name) ? handlers[name] : undefined
    },
    admit: (kind, subresource) => admitOf(table.get(resourceName(kind)), subresource),
    isStatusPart: (kind, subresource) =>
      subresource === 'status' ||
      Object.hasOwn(table.get(resourceName(kind))?.statusParts ?? {}, subresource),
    virtual: (kind) => table.get(resourceName(kind))?.virtual,
  }
}

function admitOf(extension: Extension | undefined, subresource: string | undefined) {
  if (subresource === undefined) return extension?.admit
  if (subresource === 'status') return extension?.admitStatus
  const parts = extension?.statusParts ?? {}
  return Object.hasOwn(parts, subresource) ? parts[subresource] : undefined
}

/** A part of status has a handler for discovery's sake: the verbs of objects serve it. */
function handlersOf(extension: Extension | undefined): Record<string, SubresourceHandler> {
  const parts = Object.keys(extension?.statusParts ?? {}).map((name) => [name, statusPart] as const)
  return { ...extension?.subresources, ...Object.fromEntries(parts) }
}

const statusPart: SubresourceHandler = {
  verbs: ['get', 'patch', 'update'],
  handle: async () => {
    throw new Error('Broken assumption: parts of status are served as objects are')
  },
}
