import { type KeptAs, defineKind } from '../kind.ts'
import type { KubeObject, StoredObject } from '../object.ts'
import type { Problem } from '../problem.ts'
import { integer, object, optional, string, timestamp } from '../schema.ts'
import { invalid } from '../status.ts'
import { eventKind, eventSeries, eventSource, objectReference } from './core.ts'
import { type EventBody, eventProblems } from './event-rules.ts'
import { siteOfEvent } from './event-site.ts'

/** Fields of `events.k8s.io`, and what they are called in the core group, where events are kept. */
const keptNames: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  note: 'message',
  reportingController: 'reportingComponent',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
}
const newNames = Object.fromEntries(Object.entries(keptNames).map(([name, kept]) => [kept, name]))

function renamed(value: KubeObject, names: Readonly<Record<string, string>>): KubeObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [names[name] ?? name, member]),
  ) as KubeObject
}

function toKept(event: KubeObject): KubeObject {
  const kept = { ...renamed(event, keptNames), apiVersion: 'v1', kind: 'Event' }
  const problems = newEventProblems(kept as unknown as EventBody & KubeObject)
  if (problems.length > 0) throw invalid({ ...eventKind, group: '' }, kept.metadata.name, problems)
  return kept
}

/** What only this version asks for. */
function newEventProblems(event: EventBody & KubeObject): Problem[] {
  if ((event['series'] ?? event.count) !== undefined && (event.eventTime ?? '') === '') return []
  return [
    ...((event.eventTime ?? '') === ''
      ? [{ path: 'eventTime', type: 'Required' as const, message: '' }]
      : eventProblems(event, { controller: 'reportingController' })),
    ...(event.type === 'Normal' || event.type === 'Warning'
      ? []
      : [
          {
            path: 'type',
            type: 'Invalid' as const,
            value: '',
            message: `has invalid value: ${event.type ?? ''}`,
          },
        ]),
  ]
}

function fromKept(event: StoredObject): StoredObject {
  return {
    ...Object.fromEntries(
      Object.entries(renamed(event, newNames)).filter(([, value]) => value !== ''),
    ),
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
  } as StoredObject
}

export const keptEvent: KeptAs = {
  kind: eventKind,
  toKept,
  fromKept,
  fields: {
    'regarding.kind': 'involvedObject.kind',
    'regarding.namespace': 'involvedObject.namespace',
    'regarding.name': 'involvedObject.name',
    'regarding.uid': 'involvedObject.uid',
    'regarding.apiVersion': 'involvedObject.apiVersion',
    'regarding.resourceVersion': 'involvedObject.resourceVersion',
    'regarding.fieldPath': 'involvedObject.fieldPath',
    reportingController: 'reportingComponent',
    reason: 'reason',
    type: 'type',
  },
}

/** The same events under the name that newer programs write them by. */
export const newEventKind = defineKind({
  group: 'events.k8s.io',
  version: 'v1',
  isBuiltIn: true,
  categories: [],
  hasStatus: false,
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  siteAt: siteOfEvent,
  description: 'Something that happened to an object.',
  schema: object(
    {
      eventTime: optional({
        ...string('When it happened.', { format: 'micro-time' }),
        nullable: true,
      }),
      series: optional(eventSeries),
      reportingController: optional(string('Who says so.')),
      reportingInstance: optional(string('Which instance says so.')),
      action: optional(string('What was done.')),
      reason: optional(string('Why, as one word for programs.')),
      regarding: optional(objectReference),
      related: optional(objectReference),
      note: optional(string('What happened, as a sentence.')),
      type: optional(string('Normal or Warning.')),
      deprecatedSource: optional(eventSource),
      deprecatedFirstTimestamp: optional({ ...timestamp('When first.'), nullable: true }),
      deprecatedLastTimestamp: optional({ ...timestamp('When last.'), nullable: true }),
      deprecatedCount: optional(integer('How often.', { format: 'int32' })),
    },
    'An event.',
  ),
  columns: eventKind.columns.map((column) => ({
    ...column,
    ...(column.cell === undefined
      ? {}
      : {
          cell: (event: KubeObject, nowMs: number) =>
            column.cell!(renamed(event, keptNames), nowMs),
        }),
    path: column.path.replace(/^\.involvedObject/, '.regarding').replace(/^\.message$/, '.note'),
  })),
  selectableFields: Object.keys(keptEvent.fields ?? {}),
  keptAs: keptEvent,
})
