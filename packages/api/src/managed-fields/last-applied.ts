import { isPlainObject, parseJson } from '@skerry/base/json'
import { type AnyKind, apiVersionOf } from '../kind.ts'
import type { KubeObject } from '../object.ts'
import { compareObjects } from './compare-objects.ts'
import type { Conflict } from './conflict.ts'
import { type FieldSet, differenceOf, hasField, noFields } from './field-set.ts'
import { fieldTypeOf } from './field-type.ts'
import { fieldsOfObject } from './fields-of-object.ts'
import { annotationsBytesMax } from './limits.ts'
import { byName, goJson } from './path-element.ts'
import { typedProblems } from './typed-problems.ts'

/** Where kubectl, applying from the client, writes what it applied. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** The conflicts that are left when whoever applies may take what was applied from the client and is unchanged. */
export function lastAppliedConflicts(
  kind: AnyKind,
  live: KubeObject,
  conflicts: readonly Conflict[],
): readonly Conflict[] {
  const allowed = fieldsLastApplied(kind, live)
  return conflicts.filter(({ path }) => !hasField(allowed, path))
}

function fieldsLastApplied(kind: AnyKind, live: KubeObject): FieldSet {
  const config = parsed(live.metadata.annotations?.[annotation])
  const type = fieldTypeOf(kind)
  if (config === undefined || config['apiVersion'] !== apiVersionOf(kind)) return noFields
  if (typedProblems(type, config) !== undefined) return noFields
  const { removed, modified, added } = compareObjects(type, config, live)
  return [modified, added, removed].reduce(differenceOf, fieldsOfObject(type, config))
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    const value = parseJson(text)
    return isPlainObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The object with the annotation that tells a client what was applied, where it has one; too long, it goes. */
export function withLastApplied(
  object: KubeObject,
  config: Readonly<Record<string, unknown>>,
): KubeObject {
  const { annotations = {}, ...metadata } = object.metadata
  const { [annotation]: last = '', ...others } = annotations
  if (last === '') return object
  const text = `${goJson(sorted(withoutAnnotation(config)))}\n`
  const all = { ...others, [annotation]: text }
  const bytes = Object.entries(all).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  )
  const kept = bytes > annotationsBytesMax ? others : all
  return { ...object, metadata: { ...metadata, annotations: kept } }
}

function withoutAnnotation(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const metadata = isPlainObject(config['metadata']) ? config['metadata'] : {}
  const { annotations, ...rest } = metadata
  if (!isPlainObject(annotations)) return config
  const { [annotation]: _, ...others } = annotations
  return {
    ...config,
    metadata: Object.keys(others).length === 0 ? rest : { ...rest, annotations: others },
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isPlainObject(value)) return value
  return byName(
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)])),
  )
}
