import { equalJson, isPlainObject, setKey } from '@skerry/base/json'
import { type ObjectOf, defineKind } from '../kind.ts'
import { type KubeObject, conditionsSchema } from '../object.ts'
import {
  boolean,
  integer,
  list,
  map,
  object,
  optional,
  string,
  timestamp,
  withDefault,
} from '../schema.ts'
import {
  base64Bytes,
  dataKeyProblems,
  dataSizeProblems,
  immutabilityProblems,
  textBytes,
} from './data-rules.ts'
import {
  type EventBody,
  countOfEvent,
  eventProblems,
  firstSeen,
  lastSeen,
  objectOfEvent,
  sourceOfEvent,
} from './event-rules.ts'
import { completeNamespace, namespaceProblems } from './namespace-rules.ts'
import { type SecretBody, secretProblems } from './secret-rules.ts'
import { siteOfEvent } from './event-site.ts'

/** Kubernetes' own kinds that clients need to live, in Kubernetes' own shapes. */
const core = {
  group: '',
  version: 'v1',
  categories: [],
  hasStatus: false,
  isBuiltIn: true,
} as const

const age = {
  name: 'Age',
  type: 'date',
  path: '.metadata.creationTimestamp',
  description: 'When it was made.',
} as const

/** A time with microseconds, as events and leases have it. */
const microTime = (description: string) => string(description, { format: 'micro-time' })

export const namespaceKind = defineKind({
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  scope: 'Cluster',
  names: 'dns-label',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  hasStatus: true,
  description: 'A tenant: names are unique within it.',
  schema: object(
    {
      spec: withDefault(
        object(
          { finalizers: optional(list(string('Name.'), 'Who must act before it is removed.')) },
          'Behaviour.',
        ),
        {},
      ),
      status: optional(
        object(
          { phase: optional(string('Active or Terminating.')), conditions: conditionsSchema },
          'State.',
        ),
      ),
    },
    'A namespace.',
  ),
  columns: [
    {
      name: 'Status',
      type: 'string',
      path: '.status.phase',
      description: 'Active or Terminating.',
    },
    age,
  ],
  selectableFields: ['status.phase'],
  statusOwners: { phase: 'namespace', conditions: 'namespace' },
  subresources: ['finalize'],
  complete: completeNamespace,
  validate: namespaceProblems,
})
export type Namespace = ObjectOf<typeof namespaceKind>

/** Moves the text values of a secret into its data; what is no text stays, to be refused by its schema. */
function moveStringData(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { stringData, ...rest } = body
  const data = rest['data'] ?? {}
  if (!isPlainObject(stringData) || !isPlainObject(data)) return body
  if (!Object.values(stringData).every((value) => typeof value === 'string')) return body
  const merged = { ...data }
  for (const [key, value] of Object.entries(stringData))
    setKey(merged, key, base64OfText(String(value)))
  return { ...rest, data: merged }
}

function base64OfText(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** How many entries an object's maps have. */
const entriesOf =
  (...fields: readonly string[]) =>
  (shown: KubeObject): number =>
    fields.reduce((sum, field) => sum + Object.keys(shown[field] ?? {}).length, 0)

export const secretKind = defineKind({
  ...core,
  kind: 'Secret',
  plural: 'secrets',
  description: 'Values that are kept encrypted.',
  schema: object(
    {
      type: withDefault(string('What the values are for.'), 'Opaque'),
      data: optional(map(string('Base64.', { format: 'byte' }), 'Values, each in base64.')),
      stringData: optional(map(string('Text.'), 'Values as text; moved into data when written.')),
      immutable: optional(boolean('Whether the values may never change.')),
    },
    'A secret.',
  ),
  columns: [
    { name: 'Type', type: 'string', path: '.type', description: 'What it is for.' },
    {
      name: 'Data',
      type: 'string',
      path: '.data',
      cell: entriesOf('data'),
      description: 'How many values it has.',
    },
    age,
  ],
  selectableFields: ['type'],
  normalize: moveStringData,
  validate: (secret, before) =>
    secretProblems(
      secret as SecretBody & KubeObject,
      before as (SecretBody & KubeObject) | undefined,
    ),
})
export type Secret = ObjectOf<typeof secretKind>

export const configMapKind = defineKind({
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  description: 'Values that are no secret.',
  schema: object(
    {
      data: optional(map(string('Text.'), 'Values as text.')),
      binaryData: optional(map(string('Base64.', { format: 'byte' }), 'Values in base64.')),
      immutable: optional(boolean('Whether the values may never change.')),
    },
    'A config map.',
  ),
  columns: [
    {
      name: 'Data',
      type: 'string',
      path: '.data',
      cell: entriesOf('data', 'binaryData'),
      description: 'How many values it has.',
    },
    age,
  ],
  validate: (configMap, before) => [
    ...dataKeyProblems('data', configMap.data),
    ...Object.keys(configMap.data ?? {})
      .filter((key) => Object.hasOwn(configMap.binaryData ?? {}, key))
      .map((key) => ({
        path: `data[${key}]`,
        type: 'Invalid' as const,
        value: key,
        message: 'duplicate of key present in binaryData',
      })),
    ...dataKeyProblems('binaryData', configMap.binaryData),
    ...dataSizeProblems('[]', textBytes(configMap.data) + base64Bytes(configMap.binaryData)),
    ...immutabilityProblems(
      before,
      configMap,
      (['data', 'binaryData'] as const).filter(
        (field) => !equalJson(before?.[field] ?? {}, configMap[field] ?? {}),
      ),
    ),
  ],
})
export type ConfigMap = ObjectOf<typeof configMapKind>

const reference = object(
  {
    apiVersion: optional(string('API version.')),
    kind: optional(string('Kind.')),
    namespace: optional(string('Namespace.')),
    name: optional(string('Name.')),
    uid: optional(string('UID.')),
    resourceVersion: optional(string('Version.')),
    fieldPath: optional(string('Part of the object.')),
  },
  'An object that is spoken of.',
)

/** Written as a whole by whoever writes it. */
export const objectReference: typeof reference = {
  ...reference,
  'x-kubernetes-map-type': 'atomic',
}

export const eventSource = object(
  { component: optional(string('Who saw it.')), host: optional(string('Where.')) },
  'Who saw it.',
)

export const eventSeries = object(
  {
    count: optional(integer('How often so far.', { format: 'int32' })),
    lastObservedTime: optional(microTime('When last.')),
  },
  'Of an event that goes on.',
)

const nullable = { nullable: true } as const

/** What Kubernetes writes of an event even when it is not set. */
function fillEvent(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    involvedObject: {},
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
    ...body,
  }
}

export const eventKind = defineKind({
  ...core,
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  siteAt: siteOfEvent,
  description: 'Something that happened to an object.',
  schema: object(
    {
      involvedObject: objectReference,
      reason: optional(string('Why, as one word for programs.')),
      message: optional(string('What happened, as a sentence.')),
      source: optional(eventSource),
      type: optional(string('Normal or Warning.')),
      firstTimestamp: optional({ ...timestamp('When it first happened.'), ...nullable }),
      lastTimestamp: optional({ ...timestamp('When it last happened.'), ...nullable }),
      eventTime: optional({
        ...microTime('When it first happened, with microseconds.'),
        ...nullable,
      }),
      count: optional(integer('How often it happened.', { format: 'int32' })),
      series: optional(eventSeries),
      action: optional(string('What was done.')),
      related: optional(objectReference),
      reportingComponent: optional(string('Who says so.')),
      reportingInstance: optional(string('Which instance says so.')),
    },
    'An event.',
  ),
  columns: [
    {
      name: 'Last Seen',
      type: 'string',
      path: '.lastTimestamp',
      cell: (event, nowMs) => lastSeen(event as unknown as EventBody, nowMs),
      description: 'When it last happened.',
    },
    { name: 'Type', type: 'string', path: '.type', description: 'Normal or Warning.' },
    { name: 'Reason', type: 'string', path: '.reason', description: 'Why.' },
    {
      name: 'Object',
      type: 'string',
      path: '.involvedObject.name',
      cell: (event) => objectOfEvent(event as unknown as EventBody),
      description: 'What it happened to.',
    },
    {
      name: 'Subobject',
      type: 'string',
      path: '.involvedObject.fieldPath',
      priority: 1,
      description: 'What part of it.',
    },
    {
      name: 'Source',
      type: 'string',
      path: '.source',
      priority: 1,
      cell: (event) => sourceOfEvent(event as unknown as EventBody),
      description: 'Who saw it.',
    },
    { name: 'Message', type: 'string', path: '.message', description: 'What happened.' },
    {
      name: 'First Seen',
      type: 'string',
      path: '.firstTimestamp',
      priority: 1,
      cell: (event, nowMs) => firstSeen(event as unknown as EventBody, nowMs),
      description: 'When it first happened.',
    },
    {
      name: 'Count',
      type: 'string',
      path: '.count',
      priority: 1,
      cell: (event) => countOfEvent(event as unknown as EventBody),
      description: 'How often it happened.',
    },
  ],
  selectableFields: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'type',
    'source',
    'reportingComponent',
  ],
  selectedAs: { source: 'source.component' },
  normalize: fillEvent,
  validate: (event) => eventProblems(event as unknown as EventBody & KubeObject),
})
export type Event = ObjectOf<typeof eventKind>

export const leaseKind = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  isBuiltIn: true,
  categories: [],
  hasStatus: false,
  kind: 'Lease',
  plural: 'leases',
  description: 'Who leads.',
  schema: object(
    {
      spec: withDefault(
        object(
          {
            holderIdentity: optional(string('Who holds it.')),
            leaseDurationSeconds: optional(
              integer('For how long, unless renewed.', { format: 'int32' }),
            ),
            acquireTime: optional(microTime('When it was taken.')),
            renewTime: optional(microTime('When it was last renewed.')),
            leaseTransitions: optional(integer('How often it changed hands.', { format: 'int32' })),
            strategy: optional(string('How the holder is chosen.')),
            preferredHolder: optional(string('Who should hold it.')),
          },
          'Who holds it.',
        ),
        {},
      ),
    },
    'A lease.',
  ),
  columns: [
    {
      name: 'Holder',
      type: 'string',
      path: '.spec.holderIdentity',
      description: 'Who holds it.',
    },
    age,
  ],
  validate: ({ spec }) => [
    ...atLeast('spec.leaseDurationSeconds', spec.leaseDurationSeconds, [1, 'greater than 0']),
    ...atLeast('spec.leaseTransitions', spec.leaseTransitions, [0, 'greater than or equal to 0']),
  ],
})
export type Lease = ObjectOf<typeof leaseKind>

function atLeast(
  path: string,
  value: number | undefined,
  [least, told]: readonly [number, string],
) {
  return typeof value !== 'number' || value >= least
    ? []
    : [{ path, type: 'Invalid' as const, value, message: `must be ${told}` }]
}

/** Nothing runs behind addresses here; `kubectl cluster-info` asks for the list. */
export const serviceKind = defineKind({
  ...core,
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  verbs: ['list'],
  description: 'Always empty: the hub runs no workloads.',
  schema: object({}, 'A service.'),
  columns: [age],
})
