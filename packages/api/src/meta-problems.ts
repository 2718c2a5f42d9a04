import { isPlainObject } from '@skerry/base/json'
import type { AnyKind } from './kind.ts'
import {
  annotationProblems,
  dnsLabelRules,
  labelProblems,
  nameProblems,
  pathNameProblems,
  qualifiedNameRules,
  subdomainRules,
} from './name.ts'
import type { ObjectMeta, StoredObject } from './object.ts'
import type { Problem } from './problem.ts'

/** What Kubernetes asks of every object's metadata, beside its shape. */
export function metaProblems(
  kind: AnyKind,
  metadata: ObjectMeta,
  before?: StoredObject,
): Problem[] {
  const { generateName, generation } = metadata
  return [
    ...(before === undefined && typeof generateName === 'string' && generateName !== ''
      ? generateNameProblems(generateName)
      : []),
    ...namesOf(kind)(metadata.name, 'metadata.name'),
    ...namespaceProblems(kind, metadata.namespace),
    ...(typeof generation === 'number' && generation < 0
      ? [invalid('metadata.generation', generation, 'must be greater than or equal to 0')]
      : []),
    ...labelProblems(metadata.labels, 'metadata.labels'),
    ...annotationProblems(metadata.annotations, 'metadata.annotations'),
    ...ownerProblems(metadata.ownerReferences),
    ...finalizerProblems(kind, metadata.finalizers),
    ...(before === undefined ? [] : deletionProblems(metadata, before)),
  ]
}

const invalid = (path: string, value: unknown, message: string): Problem => ({
  path,
  type: 'Invalid',
  value,
  message,
})

function namesOf({ names }: AnyKind): (name: unknown, path: string) => Problem[] {
  switch (names) {
    case 'path-segment':
      return pathNameProblems
    case 'dns-label':
      return (name, path) =>
        typeof name !== 'string' || name === ''
          ? nameProblems(name, path)
          : dnsLabelRules(name).map((rule) => invalid(path, name, rule))
    case undefined:
    default:
      return nameProblems
  }
}

/** The prefix of a name may end with what a name may not end with. */
function generateNameProblems(prefix: string): Problem[] {
  const begun = prefix.endsWith('-') || prefix.endsWith('.') ? `${prefix.slice(0, -1)}a` : prefix
  return subdomainRules(begun).map((rule) => invalid('metadata.generateName', prefix, rule))
}

function namespaceProblems(kind: AnyKind, namespace: string | undefined): Problem[] {
  const path = 'metadata.namespace'
  const isGiven = namespace !== undefined && namespace !== ''
  if (kind.scope === 'Cluster')
    return isGiven ? [{ path, type: 'Forbidden', message: 'not allowed on this type' }] : []
  if (!isGiven) return [{ path, type: 'Required', message: '' }]
  return dnsLabelRules(namespace).map((rule) => invalid(path, namespace, rule))
}

function ownerProblems(owners: unknown): Problem[] {
  if (!Array.isArray(owners)) return []
  const path = 'metadata.ownerReferences'
  const references = owners.filter(isPlainObject)
  const controllers = references.filter(({ controller }) => controller === true)
  const [first, second] = controllers.map(({ kind, name }) => `${String(kind)}/${String(name)}`)
  return [
    ...references.flatMap((owner) => [
      ...(isSet(owner['apiVersion'])
        ? []
        : [invalid(`${path}.apiVersion`, '', 'version must not be empty')]),
      ...['kind', 'name', 'uid']
        .filter((field) => !isSet(owner[field]))
        .map((field) => invalid(`${path}.${field}`, '', 'must not be empty')),
      ...(owner['apiVersion'] === 'v1' && owner['kind'] === 'Event'
        ? [invalid(path, owner, '/v1, Kind=Event is disallowed from being an owner')]
        : []),
    ]),
    ...(second === undefined
      ? []
      : [
          invalid(
            path,
            owners,
            `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`,
          ),
        ]),
  ]
}

const isSet = (value: unknown): boolean => value !== undefined && value !== ''

const standardFinalizers: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
])
export const unqualifiedFinalizer =
  'name is neither a standard finalizer name nor is it fully qualified'

/** Finalizers carry the domain of who acts on them, or are Kubernetes' own. */
export function isQualifiedFinalizer(finalizer: string): boolean {
  return finalizer.includes('/') || standardFinalizers.has(finalizer)
}

function finalizerProblems(kind: AnyKind, finalizers: unknown): Problem[] {
  if (!Array.isArray(finalizers)) return []
  const path = 'metadata.finalizers'
  const names = finalizers.filter((name) => typeof name === 'string')
  return [
    ...names.flatMap((name) => qualifiedNameRules(name).map((rule) => invalid(path, name, rule))),
    ...(kind.isBuiltIn
      ? names.flatMap((name, index) =>
          isQualifiedFinalizer(name) || kind.deletionFinalizers?.includes(name)
            ? []
            : [invalid(`${path}[${index}]`, name, unqualifiedFinalizer)],
        )
      : []),
  ]
}

/** Who is being deleted takes on nothing new. */
function deletionProblems({ finalizers = [] }: ObjectMeta, before: StoredObject): Problem[] {
  if (before.metadata.deletionTimestamp === undefined) return []
  const held = new Set(before.metadata.finalizers)
  const added = finalizers.filter((name) => !held.has(name))
  if (added.length === 0) return []
  const named = added.map((name) => JSON.stringify(name)).join(', ')
  return [
    {
      path: 'metadata.finalizers',
      type: 'Forbidden',
      message: `no new finalizers can be added if the object is being deleted, found new finalizers []string{${named}}`,
    },
  ]
}

/** The paths that are judged here and not by the shape. */
export function isJudgedAsMeta({ path }: Problem): boolean {
  return path.startsWith('metadata.ownerReferences')
}

/** What an object is called when it asks for a name of the server's choice. */
export function generatedName(prefix: string, suffix: string): string {
  return `${prefix.slice(0, nameCharactersMax - suffix.length)}${suffix}`
}

/** As long as a label may be, so that a generated name can be one. */
const nameCharactersMax = 63

/** Whether objects of a kind count changes of their spec: Kubernetes' own plain kinds do not. */
export function countsGeneration(kind: AnyKind): boolean {
  return kind.isBuiltIn !== true || kind.group === 'apiextensions.k8s.io'
}
