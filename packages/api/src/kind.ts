import type { KubeObject, StoredMeta, StoredObject } from './object.ts'
import type { Problem } from './problem.ts'
import type { Infer, Schema } from './schema.ts'

/** A column of `kubectl get`. */
export type Column = {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  readonly format?: string
  /** Dotted path into the object, `.status.health`. */
  readonly path: string
  /** What stands in the cell, where a dotted path cannot say it. */
  readonly read?: (object: KubeObject) => unknown
  /** What is shown, where it is not simply what stands at the path. */
  readonly cell?: (object: KubeObject, nowMs: number) => string | number
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority?: number
}

export const verbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const
export type Verb = (typeof verbs)[number]

export type KeptAs = {
  readonly kind: AnyKind
  readonly toKept: (object: KubeObject) => KubeObject
  readonly fromKept: (object: StoredObject) => StoredObject
  /** What selectable fields are called there; absent: the same. */
  readonly fields?: Readonly<Record<string, string>>
}

/** Dotted paths, as a CustomResourceDefinition names them. */
export type ScalePaths = {
  readonly specReplicasPath: string
  readonly statusReplicasPath: string
  readonly labelSelectorPath?: string
}

export type SiteAt = 'self' | `.${string}` | ((object: KubeObject) => readonly string[])

/** Who writes a part of status: the name of one controller. */
export type StatusOwner = string

/**
 * Everything that is true of a kind, said once. Routes, OpenAPI, table columns, discovery, client
 * types and admission are made from this value.
 */
export type Kind<Body = Record<string, unknown>> = {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly scope: 'Namespaced' | 'Cluster'
  readonly description: string
  /** The fields beside apiVersion, kind and metadata. */
  readonly schema: Schema<Body>
  readonly columns: readonly Column[]
  /** Dotted paths that field selectors may name, beside metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[]
  /** What a selectable field stands for, where it is not a path of its own. */
  readonly selectedAs?: Readonly<Record<string, string>>
  /** Whether status is a subresource with its own write rules. */
  readonly hasStatus: boolean
  /** One writer for each field of status. */
  readonly statusOwners: Readonly<Record<string, StatusOwner>>
  /** `SiteList` unless it says otherwise. */
  readonly listKind?: string
  /** Absent: all of them. Reviews take `create` alone. */
  readonly verbs?: readonly Verb[]
  /** Kubernetes' own kinds take strategic merge patches, and lists of them do not repeat the type of each item. */
  readonly isBuiltIn?: true
  /**
   * The objects are those of another kind in another shape: a version of a custom kind that is not the one kept,
   * `events.k8s.io` over the core Events. Absent: kept as it is.
   */
  readonly keptAs?: KeptAs
  /** Where `scale` finds its numbers. */
  readonly scale?: ScalePaths
  /**
   * Whose site an object is: `self`, the dotted path of its site's name, or what tells every site that it names, of
   * which somebody who is limited to sites must have all. Absent: of no site.
   */
  readonly siteAt?: SiteAt
  /** Names may be whatever fits into a path, as those of roles: `system:discovery`; or DNS labels. Absent: DNS subdomains. */
  readonly names?: 'path-segment' | 'dns-label'
  /** Added when deletion is asked for: who has to act before the object may go. */
  readonly deletionFinalizers?: readonly string[]
  /** Its definition is being deleted: what is there may go, nothing new may come. */
  readonly isEnding?: true
  /** Said in a Warning with every answer: this version should no longer be used. */
  readonly deprecationWarning?: string
  /** Verbs of the kind beyond Kubernetes' own: `rollouts/NAME/pause`. */
  readonly subresources: readonly string[]
  /** What a body becomes before its defaults are filled in and it is validated. Pure. */
  readonly normalize?: (body: Readonly<Record<string, unknown>>) => Record<string, unknown>
  /** What every object of the kind has, whatever was sent, once it has its name. Pure. */
  readonly complete?: (object: KubeObject, before?: StoredObject) => KubeObject
  /** Rules that a schema cannot say. `before` is there on update. Reports every problem. */
  readonly validate: (object: ObjectOfBody<Body>, before?: ObjectOfBody<Body>) => Problem[]
  /** What is said when the shape is so wrong that the rules could not be asked. */
  readonly unchecked?: readonly Problem[]
}

/** A kind whose body nobody looks at here: what the store and the API server work with. */
export type AnyKind = Omit<Kind, 'schema' | 'validate'> & {
  readonly schema: Schema
  readonly validate: (object: never, before?: never) => Problem[]
}

type ObjectOfBody<Body> = Omit<KubeObject, keyof Body> & Body

/** The TypeScript type of a kind's objects, as the server returns them. */
export type ObjectOf<K> = K extends { readonly schema: Schema<infer Body> }
  ? { apiVersion: string; kind: string; metadata: StoredMeta } & Body
  : never

type KindInput<S extends Schema> = Pick<Kind, 'kind' | 'plural' | 'description'> &
  Partial<Omit<Kind, 'schema' | 'validate'>> & {
    readonly schema: S
    readonly validate?: (object: KubeObject & Infer<S>, before?: KubeObject & Infer<S>) => Problem[]
  }

/** A kind of the group `skerry.dev/v1alpha1`, namespaced, with a status, unless it says otherwise. */
export function defineKind<S extends Schema>(input: KindInput<S>): Kind<Infer<S> & object> {
  return {
    group: 'skerry.dev',
    version: 'v1alpha1',
    singular: input.kind.toLowerCase(),
    shortNames: [],
    categories: ['all', 'skerry'],
    scope: 'Namespaced',
    columns: [],
    selectableFields: [],
    hasStatus: true,
    statusOwners: {},
    subresources: [],
    ...input,
    validate: input.validate ?? (() => []),
  } as unknown as Kind<Infer<S> & object>
}

/** `skerry.dev/v1alpha1`, or `v1` for the core group. */
export function apiVersionOf(kind: Pick<AnyKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** `sites.skerry.dev`, the name by which storage and messages call a kind. */
export function resourceName(kind: Pick<AnyKind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
}

/** Paths that are remembered in their parts; they come from kinds, of which there are so many at most. */
const splitPathsMax = 10_000
const splitPaths = new Map<string, readonly string[]>()

function partsOf(path: string): readonly string[] {
  const known = splitPaths.get(path)
  if (known !== undefined) return known
  const parts = path.replace(/^\./, '').split('.')
  if (splitPaths.size >= splitPathsMax) splitPaths.clear()
  splitPaths.set(path, parts)
  return parts
}

/** The value at a dotted path, or undefined. */
export function valueAt(object: unknown, path: string): unknown {
  let value: unknown = object
  for (const name of partsOf(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
