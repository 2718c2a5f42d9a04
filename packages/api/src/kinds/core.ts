import { isPlainObject, setKey } from '@skerry/base/json'
import { type ObjectOf, defineKind } from '../kind.ts'
import type { Problem } from '../problem.ts'
import { conditionsSchema } from '../object.ts'
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

export const namespaceKind = defineKind({
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  scope: 'Cluster',
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
})
export type Namespace = ObjectOf<typeof namespaceKind>

const dataKey = /^[-._a-zA-Z0-9]{1,253}$/

function dataProblems(path: string, data: Record<string, string> | undefined): Problem[] {
  return Object.keys(data ?? {})
    .filter((key) => !dataKey.test(key))
    .map((key) => ({
      path: `${path}[${key}]`,
      type: 'Invalid' as const,
      value: key,
      message: "a valid key must consist of alphanumeric characters, '-', '_' or '.'",
    }))
}

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

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
  columns: [{ name: 'Type', type: 'string', path: '.type', description: 'What it is for.' }, age],
  selectableFields: ['type'],
  normalize: moveStringData,
  validate: (secret) => [
    ...dataProblems('data', secret.data),
    ...Object.entries(secret.data ?? {})
      .filter(([, value]) => !base64Pattern.test(value))
      .map(([key]) => ({
        path: `data[${key}]`,
        type: 'Invalid' as const,
        message: 'must be base64',
      })),
  ],
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
  columns: [age],
  validate: (configMap) => [
    ...dataProblems('data', configMap.data),
    ...dataProblems('binaryData', configMap.binaryData),
  ],
})
export type ConfigMap = ObjectOf<typeof configMapKind>

const objectReference = object(
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
      source: optional(
        object(
          { component: optional(string('Who saw it.')), host: optional(string('Where.')) },
          'Who saw it.',
        ),
      ),
      type: optional(string('Normal or Warning.')),
      firstTimestamp: optional(timestamp('When it first happened.')),
      lastTimestamp: optional(timestamp('When it last happened.')),
      eventTime: optional({
        ...timestamp('When it first happened, with microseconds.'),
        nullable: true,
      }),
      count: optional(integer('How often it happened.')),
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
      type: 'date',
      path: '.lastTimestamp',
      description: 'When it last happened.',
    },
    { name: 'Type', type: 'string', path: '.type', description: 'Normal or Warning.' },
    { name: 'Reason', type: 'string', path: '.reason', description: 'Why.' },
    {
      name: 'Kind',
      type: 'string',
      path: '.involvedObject.kind',
      description: 'What it happened to.',
    },
    {
      name: 'Object',
      type: 'string',
      path: '.involvedObject.name',
      description: 'What it happened to.',
    },
    { name: 'Message', type: 'string', path: '.message', description: 'What happened.' },
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
              integer('For how long, unless renewed.', { minimum: 1 }),
            ),
            acquireTime: optional(timestamp('When it was taken.')),
            renewTime: optional(timestamp('When it was last renewed.')),
            leaseTransitions: optional(integer('How often it changed hands.')),
          },
          'Who holds it.',
        ),
        {},
      ),
    },
    'A lease.',
  ),
  columns: [
    { name: 'Holder', type: 'string', path: '.spec.holderIdentity', description: 'Who holds it.' },
    age,
  ],
})
export type Lease = ObjectOf<typeof leaseKind>
