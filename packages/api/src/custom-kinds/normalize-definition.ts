import { isPlainObject, setKey } from '@skerry/base/json'

type Body = Readonly<Record<string, unknown>>

/** A definition with what Kubernetes fills in: names made from the kind, and the versions ever stored. */
export function normalizeDefinition(body: Body): Record<string, unknown> {
  const spec = objectOf(body['spec'])
  const versions = Array.isArray(spec['versions']) ? spec['versions'].map(normalizeVersion) : []
  const { preserveUnknownFields, ...rest } = spec
  return {
    ...body,
    spec: {
      ...rest,
      group: spec['group'] ?? '',
      scope: spec['scope'] ?? '',
      names: namesOf(objectOf(spec['names'])),
      versions,
      conversion: spec['conversion'] ?? { strategy: 'None' },
      ...(preserveUnknownFields === undefined || preserveUnknownFields === false
        ? {}
        : { preserveUnknownFields }),
    },
    status: statusOf(objectOf(body['status']), versions),
  }
}

function namesOf(names: Body): Body {
  const kind = names['kind'] ?? ''
  const isNamed = typeof kind === 'string' && kind !== ''
  return {
    ...names,
    plural: names['plural'] ?? '',
    kind,
    ...(isNamed && (names['singular'] ?? '') === '' ? { singular: kind.toLowerCase() } : {}),
    ...(isNamed && (names['listKind'] ?? '') === '' ? { listKind: `${kind}List` } : {}),
  }
}

function normalizeVersion(version: unknown): unknown {
  if (!isPlainObject(version)) return version
  const schema = objectOf(version['schema'])
  const props = schema['openAPIV3Schema']
  return {
    ...version,
    served: version['served'] ?? false,
    storage: version['storage'] ?? false,
    ...(isPlainObject(props)
      ? { schema: { ...schema, openAPIV3Schema: withoutNothing(props) } }
      : {}),
  }
}

/** Null as a default says nothing. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing)
  if (!isPlainObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === 'default' && member === null) continue
    if (name === 'properties' && isPlainObject(member)) {
      if (Object.keys(member).length > 0) result[name] = eachWithoutNothing(member)
    } else setKey(result, name, values.has(name) ? member : withoutNothing(member))
  }
  return result
}

/** Fields of a schema that hold values and no schemas. */
const values: ReadonlySet<string> = new Set(['default', 'enum', 'example'])

function eachWithoutNothing(properties: Body): Body {
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(properties))
    setKey(result, name, withoutNothing(member))
  return result
}

function statusOf(status: Body, versions: readonly unknown[]): Body {
  const stored = Array.isArray(status['storedVersions'])
    ? (status['storedVersions'] as readonly unknown[])
    : []
  const kept = versions.find((version) => isPlainObject(version) && version['storage'] === true)
  const name = isPlainObject(kept) ? kept['name'] : undefined
  return {
    conditions: null,
    acceptedNames: { plural: '', kind: '' },
    ...status,
    storedVersions: name === undefined || stored.includes(name) ? stored : [...stored, name],
  }
}

function objectOf(value: unknown): Body {
  return isPlainObject(value) ? value : {}
}
