import { events, leases, rowsAbout, secrets } from '../objects.ts'
import type { Row, Step } from '../row.ts'
import { configMaps, configMap, tableType } from '../objects.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const long = (length: number): string => 'x'.repeat(length)

const aboutSecret = rowsAbout('secret')
const secretBody = (more: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: '{id}', ...metadata },
  ...more,
})
const secret = (more: object, metadata: object = {}): Step => ({
  ask: `POST ${secrets}`,
  body: secretBody(more, metadata),
})
const pair = { 'tls.crt': base64('crt'), 'tls.key': base64('key') }
const dockerConfig = base64('{"auths":{}}')

const secretRows: readonly Row[] = [
  aboutSecret('without anything', secret({})),
  aboutSecret('with text', secret({ stringData: { a: 'ü' } })),
  aboutSecret(
    'with text over data',
    secret({ stringData: { a: 'b' }, data: { a: base64('c'), d: '' } }),
  ),
  aboutSecret('with data that is no base64', secret({ data: { a: '***' } })),
  aboutSecret('with data that is a number', secret({ data: { a: 1 } })),
  aboutSecret('with base64 over lines', secret({ data: { a: 'AAEC\nAwQF' } })),
  aboutSecret('with data of null', secret({ data: { a: null } })),
  aboutSecret('with a key that is wrong', secret({ data: { 'a/b': '' } })),
  aboutSecret('with a key of two dots', secret({ data: { '..': '' } })),
  aboutSecret('with a key of one dot', secret({ data: { '.': '' } })),
  aboutSecret('with a key that begins with two dots', secret({ data: { '..a': '' } })),
  aboutSecret('with a key of 254 characters', secret({ data: { ['k'.repeat(254)]: '' } })),
  aboutSecret('with an empty key', secret({ data: { '': '' } })),
  aboutSecret('larger than 1 MiB', secret({ data: { a: base64(long(1_048_577)) } })),
  aboutSecret('of another type', secret({ type: 'example.com/any' })),
  aboutSecret('of TLS', secret({ type: 'kubernetes.io/tls', data: pair })),
  aboutSecret(
    'of TLS without a key',
    secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }),
  ),
  aboutSecret('of TLS without anything', secret({ type: 'kubernetes.io/tls' })),
  aboutSecret(
    'of docker',
    secret({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': dockerConfig } }),
  ),
  aboutSecret('of docker without a config', secret({ type: 'kubernetes.io/dockerconfigjson' })),
  aboutSecret(
    'of docker with no JSON',
    secret({ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{') } }),
  ),
  aboutSecret('of old docker without a config', secret({ type: 'kubernetes.io/dockercfg' })),
  aboutSecret(
    'of old docker with no JSON',
    secret({ type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('{') } }),
  ),
  aboutSecret(
    'of basic auth',
    secret({ type: 'kubernetes.io/basic-auth', data: { username: base64('a') } }),
  ),
  aboutSecret('of basic auth without either', secret({ type: 'kubernetes.io/basic-auth' })),
  aboutSecret('of SSH without a key', secret({ type: 'kubernetes.io/ssh-auth' })),
  aboutSecret(
    'of SSH with an empty key',
    secret({ type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }),
  ),
  aboutSecret(
    'of a service account without its name',
    secret({ type: 'kubernetes.io/service-account-token' }),
  ),
  aboutSecret(
    'that becomes of another type',
    { ...secret({}), quiet: true },
    {
      ask: `PUT ${secrets}/{id}`,
      body: secretBody({ type: 'example.com/other' }),
    },
  ),
  aboutSecret(
    'whose type is left out of an update',
    { ...secret({ type: 'example.com/a' }), quiet: true },
    {
      ask: `PUT ${secrets}/{id}`,
      body: secretBody({ data: { a: 'AA==' } }),
    },
  ),
  aboutSecret(
    'that may not change',
    { ...secret({ immutable: true, data: { a: 'AA==' } }), quiet: true },
    { ask: `PUT ${secrets}/{id}`, body: secretBody({ immutable: true, data: { a: 'AQ==' } }) },
    { ask: `PUT ${secrets}/{id}`, body: secretBody({ data: { a: 'AA==' } }) },
  ),
  aboutSecret(
    'as a table',
    { ...secret({ data: { a: '', b: '' } }), quiet: true },
    { ask: `${secrets}/{id}`, accept: tableType },
  ),
  aboutSecret(
    'by its type',
    { ...secret({ type: 'example.com/{id}' }), quiet: true },
    `${secrets}?fieldSelector=type%3Dexample.com/{id}`,
  ),
]

const aboutMap = rowsAbout('config map')
const map = (more: Record<string, unknown>): Step => ({
  ask: `POST ${configMaps}`,
  body: configMap(more),
})
const configMapRows: readonly Row[] = [
  aboutMap('with a key that is wrong', map({ data: { 'a b': '' } })),
  aboutMap('with an empty key', map({ data: { '': '' } })),
  aboutMap('with a key called __proto__', {
    ask: `POST ${configMaps}`,
    text: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{id}"},"data":{"__proto__":"a","constructor":"b"}}',
  }),
  aboutMap('with a key of two dots', map({ data: { '..': '' } })),
  aboutMap('with a key in both', map({ data: { a: '' }, binaryData: { a: '' } })),
  aboutMap('with binary data', map({ binaryData: { a: 'AAECAw==' } })),
  aboutMap('with binary data that is no base64', map({ binaryData: { a: '!' } })),
  aboutMap('with a number', map({ data: { a: 1 } })),
  aboutMap('with true', map({ data: { a: true } })),
  aboutMap('with null', map({ data: { a: null } })),
  aboutMap('with an object', map({ data: { a: {} } })),
  aboutMap('with a list for data', map({ data: [] })),
  aboutMap('with a text for data', map({ data: 'a' })),
  aboutMap('with null for data', map({ data: null })),
  aboutMap('with empty data', map({ data: {}, binaryData: {} })),
  aboutMap('with a text for immutable', map({ immutable: 'yes' })),
  aboutMap('with false for immutable', map({ immutable: false })),
  aboutMap('larger than 1 MiB', map({ data: { a: long(1_048_577) } })),
  aboutMap('of 1 MiB', map({ data: { a: long(1_048_576) } }), {
    ask: `${configMaps}/{id}`,
    accept: tableType,
  }),
]

const aboutLease = rowsAbout('lease')
const leaseBody = (spec: unknown) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: '{id}' },
  ...(spec === undefined ? {} : { spec }),
})
const lease = (spec: unknown): Step => ({ ask: `POST ${leases}`, body: leaseBody(spec) })
const leaseRows: readonly Row[] = [
  aboutLease('without a spec', lease(undefined)),
  aboutLease('with an empty spec', lease({})),
  aboutLease(
    'whole',
    lease({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-11-21T10:00:00.000000Z',
      renewTime: '2026-11-21T10:00:00.123456Z',
      leaseTransitions: 3,
    }),
  ),
  aboutLease('of 0 seconds', lease({ leaseDurationSeconds: 0 })),
  aboutLease('of -1 seconds', lease({ leaseDurationSeconds: -1 })),
  aboutLease('with transitions below 0', lease({ leaseTransitions: -1 })),
  aboutLease('of half a second', lease({ leaseDurationSeconds: 0.5 })),
  aboutLease('of a word of seconds', lease({ leaseDurationSeconds: 'long' })),
  aboutLease('of more seconds than 32 bits', lease({ leaseDurationSeconds: 2 ** 31 })),
  aboutLease('with a time that is none', lease({ acquireTime: 'yesterday' })),
  aboutLease('with a time without microseconds', lease({ acquireTime: '2026-11-21T10:00:00Z' })),
  aboutLease('with a time of another zone', lease({ acquireTime: '2026-11-21T12:00:00.5+02:00' })),
  aboutLease('with a time of null', lease({ acquireTime: null })),
  aboutLease('with a strategy', lease({ strategy: 'OldestEmulationVersion' })),
  aboutLease('with a preferred holder', lease({ preferredHolder: 'b' })),
  aboutLease(
    'as a table',
    { ...lease({ holderIdentity: 'a' }), quiet: true },
    { ask: `${leases}/{id}`, accept: tableType },
  ),
  aboutLease(
    'without a holder as a table',
    { ...lease({}), quiet: true },
    { ask: `${leases}/{id}`, accept: tableType },
  ),
  aboutLease(
    'renewed',
    { ...lease({ holderIdentity: 'a' }), quiet: true },
    {
      ask: `PUT ${leases}/{id}`,
      body: leaseBody({ holderIdentity: 'a', renewTime: '2026-11-21T10:00:00.123456Z' }),
    },
  ),
  aboutLease(
    'patched by parts',
    { ...lease({ holderIdentity: 'a' }), quiet: true },
    {
      ask: `PATCH ${leases}/{id}`,
      type: 'application/strategic-merge-patch+json',
      body: { spec: { holderIdentity: null, leaseDurationSeconds: 5 } },
    },
  ),
]

const aboutEvent = rowsAbout('event')
const eventBody = (more: object) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: '{id}' },
  ...more,
})
const event = (more: object): Step => ({ ask: `POST ${events}`, body: eventBody(more) })
const about = {
  involvedObject: {
    kind: 'ConfigMap',
    namespace: '{ns}',
    name: '{id}',
    uid: 'u',
    apiVersion: 'v1',
    resourceVersion: '1',
    fieldPath: 'data',
  },
}
const full = {
  ...about,
  reason: 'Made',
  message: 'It was made.',
  type: 'Normal',
  count: 3,
  source: { component: 'tester', host: 'here' },
  firstTimestamp: '2020-11-21T10:00:00Z',
  lastTimestamp: '2020-11-21T10:00:00Z',
}
const newEvents = '/apis/events.k8s.io/v1/namespaces/{ns}/events'
const newEvent = (more: object): Step => ({
  ask: `POST ${newEvents}`,
  body: {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: '{id}' },
    eventTime: '2020-11-21T10:00:00.123456Z',
    reportingController: 'example.com/tester',
    reportingInstance: 'one',
    action: 'Making',
    reason: 'Made',
    type: 'Normal',
    regarding: about.involvedObject,
    note: 'It was made.',
    ...more,
  },
})
const eventRows: readonly Row[] = [
  aboutEvent('whole', event(full), `${events}/{id}`),
  aboutEvent('without an object', event({})),
  aboutEvent(
    'with an object without a namespace',
    event({ involvedObject: { kind: 'Namespace', name: 'x' } }),
  ),
  aboutEvent(
    'of another namespace',
    event({ involvedObject: { kind: 'ConfigMap', namespace: 'other', name: 'x' } }),
  ),
  aboutEvent('of another type', event({ ...full, type: 'Loud' })),
  aboutEvent(
    'with a time of microseconds',
    event({
      ...about,
      reason: 'Made',
      type: 'Normal',
      action: 'Making',
      eventTime: '2020-11-21T10:00:00.123456Z',
      reportingComponent: 'example.com/t',
      reportingInstance: 'one',
    }),
  ),
  aboutEvent(
    'with a time of microseconds and nothing else',
    event({ ...about, eventTime: '2020-11-21T10:00:00.123456Z' }),
  ),
  aboutEvent('with a count that is a word', event({ ...about, count: 'three' })),
  aboutEvent(
    'with a series',
    event({ ...full, series: { count: 2, lastObservedTime: '2020-11-21T10:00:00.123456Z' } }),
  ),
  aboutEvent(
    'as a table',
    { ...event(full), quiet: true },
    { ask: `${events}/{id}`, accept: tableType },
  ),
  aboutEvent(
    'with little as a table',
    { ...event(about), quiet: true },
    { ask: `${events}/{id}?includeObject=None`, accept: tableType },
  ),
  aboutEvent(
    'by its object',
    { ...event(full), quiet: true },
    `${events}?fieldSelector=involvedObject.name%3D{id},involvedObject.uid=u,reason=Made,type=Normal,source=tester`,
  ),
  aboutEvent(
    'by its reporting controller',
    { ...event({ ...full, reportingComponent: 'rep' }), quiet: true },
    `${events}?fieldSelector=involvedObject.name%3D{id},reportingComponent=rep`,
  ),
  aboutEvent('by what cannot be asked', `${events}?fieldSelector=message%3Dx`),
  aboutEvent('new, whole', newEvent({}), `${newEvents}/{id}`, `${events}/{id}`),
  aboutEvent('new, without an action', newEvent({ action: '' })),
  aboutEvent('new, without a reason', newEvent({ reason: '' })),
  aboutEvent('new, without a controller', newEvent({ reportingController: '' })),
  aboutEvent('new, without a time', newEvent({ eventTime: undefined })),
  aboutEvent('new, with a note that is too long', newEvent({ note: long(1025) })),
  aboutEvent('new, of another type', newEvent({ type: 'Loud' })),
  aboutEvent(
    'new, as a table',
    { ...newEvent({}), quiet: true },
    { ask: `${newEvents}/{id}?includeObject=None`, accept: tableType },
  ),
  aboutEvent(
    'new, by its object',
    { ...newEvent({}), quiet: true },
    `${newEvents}?fieldSelector=regarding.name%3D{id}`,
  ),
  aboutEvent('old, seen as new', { ...event(full), quiet: true }, `${newEvents}/{id}`),
  aboutEvent(
    'new, changed',
    { ...newEvent({}), quiet: true },
    {
      ask: `PATCH ${newEvents}/{id}`,
      type: 'application/merge-patch+json',
      body: { note: 'Else.' },
    },
    {
      ask: `PATCH ${newEvents}/{id}`,
      type: 'application/merge-patch+json',
      body: { series: { count: 2, lastObservedTime: '2020-11-21T10:00:00.123456Z' } },
    },
  ),
]

export const kindRows: readonly Row[] = [
  ...secretRows,
  ...configMapRows,
  ...leaseRows,
  ...eventRows,
]
