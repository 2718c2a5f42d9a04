/** Definitions that are good, strange or hostile: a name for the test, and how it differs from a plain one. */
export type Definition = {
  apiVersion: string
  kind: string
  metadata: { name: string; annotations?: Record<string, string> }
  spec: Spec
}

type Props = Record<string, unknown>
type Version = Record<string, unknown> & {
  name: unknown
  schema?: { openAPIV3Schema?: Props & { properties?: Record<string, Props> } }
}
type Spec = Record<string, unknown> & { names: Record<string, unknown>; versions: Version[] }

export const plainDefinition = (plural: string, kind: string, spec: Props = {}): Definition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.t.io` },
  spec: {
    group: 't.io',
    scope: 'Namespaced',
    names: { plural, kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: {}, ...spec } },
          },
        },
      },
    ],
  },
})

export type Change = (definition: Definition) => void

const version = (definition: Definition): Version => definition.spec.versions[0]!
const root = (definition: Definition) => version(definition).schema!.openAPIV3Schema!
const spec = (definition: Definition): Props => root(definition).properties!['spec']!

/** A field `f` of the spec with this schema. */
const field =
  (schema: unknown): Change =>
  (definition) => {
    spec(definition)['properties'] = { f: schema }
  }
const names =
  (more: Props): Change =>
  ({ spec: { names: given } }) => {
    Object.assign(given, more)
  }
const ofVersion =
  (more: Props): Change =>
  (definition) => {
    Object.assign(version(definition), more)
  }
const list = (more: Props, items: Props = { type: 'string' }): Change =>
  field({ type: 'array', items, ...more })
const item = { type: 'object', properties: { a: { type: 'string' } } }
const listType = 'x-kubernetes-list-type'
const mapKeys = 'x-kubernetes-list-map-keys'

const rule =
  (given: string | Props, properties: Props = { a: { type: 'integer' } }): Change =>
  (definition) => {
    Object.assign(spec(definition), {
      properties,
      'x-kubernetes-validations': [typeof given === 'string' ? { rule: given } : given],
    })
  }

const names1: Record<string, Change> = {
  'is plain': () => {},
  'has another name': ({ metadata }) => Object.assign(metadata, { name: 'x.t.io' }),
  'has a group that is no domain': ({ spec: given }) => Object.assign(given, { group: 'T_io' }),
  'has no group': ({ spec: given }) => Object.assign(given, { group: '' }),
  'has no versions': ({ spec: given }) => Object.assign(given, { versions: [] }),
  'has an unknown scope': ({ spec: given }) => Object.assign(given, { scope: 'Global' }),
  'has no scope': ({ spec: given }) => Object.assign(given, { scope: '' }),
  'has capitals in its plural': names({ plural: 'Things' }),
  'has a kind that begins with a digit': names({ kind: '9X' }),
  'has no kind': names({ kind: '' }),
  'has a short name with a space': names({ shortNames: ['A B'] }),
  'has a category with capitals': names({ categories: ['A'] }),
  'calls its list as its kind': names({ listKind: 'Thing' }),
  'is of a group that Kubernetes keeps for itself': (definition) => {
    Object.assign(definition.spec, { group: 'x.k8s.io' })
    definition.metadata.name = 'things.x.k8s.io'
  },
}

const versions: Record<string, Change> = {
  'has a version with capitals': ofVersion({ name: 'V1' }),
  'has two storage versions': (definition) =>
    void definition.spec.versions.push({ ...version(definition), name: 'v2' }),
  'has no storage version': ofVersion({ storage: false }),
  'serves nothing': ofVersion({ served: false }),
  'has a version twice': (definition) =>
    void definition.spec.versions.push({ ...version(definition), storage: false }),
  'has no schema': (definition) => void delete version(definition).schema,
  'has an empty schema': ofVersion({ schema: {} }),
  'warns of a version that is not deprecated': ofVersion({ deprecationWarning: 'x' }),
  'keeps unknown fields in the old way': ({ spec: given }) =>
    Object.assign(given, { preserveUnknownFields: true }),
  'is converted by nobody knows what': ({ spec: given }) =>
    Object.assign(given, { conversion: { strategy: 'X' } }),
}

const schemas: Record<string, Change> = {
  'has a root without type': (definition) => void delete root(definition)['type'],
  'has a root that is a text': (definition) => Object.assign(root(definition), { type: 'string' }),
  'has a field without type': field({}),
  'has a field of an unknown type': field({ type: 'text' }),
  'wants unique items': list({ uniqueItems: true }),
  'has a list of nothing': field({ type: 'array' }),
  'has items without type': list({}, {}),
  'has items by place': field({ type: 'array', items: [{ type: 'string' }] }),
  'has fields and more fields': field({
    type: 'object',
    properties: { a: { type: 'string' } },
    additionalProperties: { type: 'string' },
  }),
  'has no more fields': field({ type: 'object', additionalProperties: false }),
  'has any more fields': field({ type: 'object', additionalProperties: true }),
  'refers to another schema': field({ $ref: '#/x' }),
  'brings schemas along': field({ type: 'string', definitions: { a: {} } }),
  'has fields by pattern': field({ type: 'object', patternProperties: { a: {} } }),
  'has an id': field({ type: 'string', id: 'x' }),
  'has half a pattern': field({ type: 'string', pattern: '((' }),
  'has a pattern that looks ahead': field({ type: 'string', pattern: '(?!a)b' }),
  'has a type below anyOf': field({ type: 'string', anyOf: [{ type: 'string' }] }),
  'has a description below anyOf': field({ type: 'string', anyOf: [{ description: 'x' }] }),
  'has a field below anyOf': field({
    type: 'object',
    anyOf: [{ properties: { z: { minimum: 1 } } }],
  }),
  'has a default below anyOf': field({
    type: 'object',
    properties: { z: { type: 'string' } },
    anyOf: [{ properties: { z: { default: 'a' } } }],
  }),
  'says that it does not keep unknown fields': field({
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': false,
  }),
  'embeds an object of no shape': field({
    type: 'object',
    'x-kubernetes-embedded-resource': true,
  }),
  'has a list of no known sort': list({ [listType]: 'bag' }),
  'has a map of no keys': list({ [listType]: 'map' }, item),
  'has a map whose key may be absent': list({ [listType]: 'map', [mapKeys]: ['a'] }, item),
  'has a map whose key is no field': list({ [listType]: 'map', [mapKeys]: ['b'] }, item),
  'has keys of no map': list({ [mapKeys]: ['a'] }, item),
  'has a set of objects': list({ [listType]: 'set' }, item),
  'has a text that is a set': field({ type: 'string', [listType]: 'set' }),
  'has an object of no known sort': field({ type: 'object', 'x-kubernetes-map-type': 'x' }),
  'has a default of another type': field({ type: 'string', default: 1 }),
  'has a default with unknown fields': field({ ...item, default: { b: 1 } }),
  'has a default out of range': field({ type: 'integer', minimum: 3, default: 1 }),
  'has null for a default': field({ type: 'string', default: null }),
  'limits labels': (definition) =>
    Object.assign(root(definition).properties!, {
      metadata: { type: 'object', properties: { labels: { type: 'object' } } },
    }),
  'limits names': (definition) =>
    Object.assign(root(definition).properties!, {
      metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^a' } } },
    }),
  'has a default for metadata': (definition) =>
    Object.assign(root(definition).properties!, { metadata: { type: 'object', default: {} } }),
  'has a number for its apiVersion': (definition) =>
    Object.assign(root(definition).properties!, { apiVersion: { type: 'integer' } }),
  'has a field called default': field({
    type: 'object',
    properties: { default: { type: 'string' } },
  }),
  'has a field called __proto__': (definition) => {
    spec(definition)['properties'] = JSON.parse('{"__proto__":{"type":"string"}}') as unknown
  },
}

const column = (more: Props): Change => ofVersion({ additionalPrinterColumns: [more] })
const scale = (more: Props): Change => ofVersion({ subresources: { scale: more } })
const selectable =
  (...paths: string[]): Change =>
  (definition) => {
    field({ type: 'string' })(definition)
    ofVersion({ selectableFields: paths.map((jsonPath) => ({ jsonPath })) })(definition)
  }

const parts: Record<string, Change> = {
  'has a column of an unknown type': column({ name: 'A', type: 'text', jsonPath: '.a' }),
  'has a column at no path': column({ name: 'A', type: 'string', jsonPath: 'a[' }),
  'has an empty column': column({}),
  'has a column of an unknown format': column({
    name: 'A',
    type: 'string',
    format: 'zz',
    jsonPath: '.a',
  }),
  'has a scale without paths': scale({}),
  'has a scale at other paths': scale({
    specReplicasPath: '.foo',
    statusReplicasPath: 'status.x',
  }),
  'selects by a field that is not there': selectable('.spec.nope'),
  'selects by an object': selectable('.spec'),
  'selects by its name': selectable('.metadata.name'),
  'selects by a field twice': selectable('.spec.f', '.spec.f'),
}

const letters = {
  l: { type: 'array', items: { type: 'object', properties: { y: { type: 'integer' } } } },
}

const rules: Record<string, Change> = {
  'has a rule': rule('self.a > 1'),
  'has a rule on a field that is not there': rule('self.b > 1'),
  'has a rule that is a number': rule('self.a'),
  'has a rule that compares a number with a text': rule("self.a == 'x'"),
  'has half a rule': rule('self.a >'),
  'has a rule with a function that is not there': rule('nope(self.a)'),
  'has a rule with a method that is not there': rule('self.a.nope()'),
  'has a rule whose message is a number': rule({
    rule: 'self.a>1',
    messageExpression: 'self.a',
  }),
  'has an empty rule': rule({ rule: '' }),
  'has a rule of an unknown reason': rule({ rule: 'true', reason: 'X' }),
  'has a rule on a path that is not there': rule({ rule: 'true', fieldPath: '.zz' }),
  'has a rule on a name that is not there': rule('foo == 1'),
  'has a rule with two lines of message': rule({ rule: 'self.a>1', message: 'a\nb' }),
  'has a rule on what was': rule('oldSelf.a == self.a'),
  'has a rule on what may have been': rule({
    rule: 'oldSelf.hasValue() || true',
    optionalOldSelf: true,
  }),
  'has a rule on each of a list': rule('self.l.all(x, x.y == 1)', letters),
  'has a rule on a field of each that is not there': rule('self.l.all(x, x.z == 1)', letters),
  'has a rule that adds a text to a number': rule("self.a + 'x' == 'y'"),
  'has a rule with the wrong number of arguments': rule("'a'.startsWith()"),
  'has a rule on what was in a list': list(
    { maxItems: 5 },
    { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
  ),
}

export const definitionCases: Record<string, Change> = {
  ...names1,
  ...versions,
  ...schemas,
  ...parts,
  ...rules,
}
