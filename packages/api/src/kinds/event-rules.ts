import type { KubeObject } from '../object.ts'
import type { Problem } from '../problem.ts'
import { qualifiedNameRules } from '../name.ts'
import { humanAge } from '../table.ts'

type Reference = {
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly fieldPath?: string
}

export type EventBody = {
  readonly involvedObject: Reference
  readonly reason?: string
  readonly message?: string
  readonly action?: string
  readonly type?: string
  readonly eventTime?: string | null
  readonly reportingComponent?: string
  readonly reportingInstance?: string
  readonly source?: { readonly component?: string; readonly host?: string }
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly count?: number
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null }
}
type EventObject = EventBody & Pick<KubeObject, 'metadata'>

/** What an event is called in its two versions. */
export type EventNames = { readonly controller: 'reportingComponent' | 'reportingController' }

const wordCharactersMax = 128
const noteCharactersMax = 1024

/** An event is about an object of its namespace; one with a time of microseconds says who reports it. */
export function eventProblems(
  event: EventObject,
  { controller }: EventNames = { controller: 'reportingComponent' },
): Problem[] {
  const { involvedObject, metadata } = event
  const about = involvedObject.namespace ?? ''
  const place = metadata.namespace ?? ''
  const isPlaced = about === '' ? place === '' || place === 'default' : about === place
  return [
    ...((event.eventTime ?? '') === '' ? [] : newProblems(event, controller)),
    ...(isPlaced
      ? []
      : [
          {
            path: 'involvedObject.namespace',
            type: 'Invalid' as const,
            value: about,
            message: 'does not match event.namespace',
          },
        ]),
  ]
}

function newProblems(event: EventObject, controllerPath: string): Problem[] {
  const controller = event.reportingComponent ?? ''
  const word = (path: string, value = ''): Problem[] =>
    value === ''
      ? [{ path, type: 'Required', message: '' }]
      : value.length > wordCharactersMax
        ? [tooLong(path, wordCharactersMax)]
        : []
  return [
    ...(controller === ''
      ? [{ path: controllerPath, type: 'Required' as const, message: '' }]
      : []),
    ...qualifiedNameRules(controller).map((message): Problem => ({
      path: controllerPath,
      type: 'Invalid',
      value: controller,
      message,
    })),
    ...word('reportingInstance', event.reportingInstance),
    ...word('action', event.action),
    ...word('reason', event.reason),
    ...((event.message ?? '').length > noteCharactersMax
      ? [tooLong('message', noteCharactersMax)]
      : []),
  ]
}

const tooLong = (path: string, charactersMax: number): Problem => ({
  path,
  type: 'Invalid',
  value: '',
  message: `can have at most ${charactersMax} characters`,
})

const ageOf = (time: string | null | undefined, nowMs: number): string =>
  (time ?? '') === '' ? '<unknown>' : humanAge(nowMs - Date.parse(time!))

export function firstSeen(event: EventBody, nowMs: number): string {
  return ageOf(event.firstTimestamp ?? event.eventTime, nowMs)
}

export function lastSeen(event: EventBody, nowMs: number): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, nowMs)
  return (event.lastTimestamp ?? '') === ''
    ? firstSeen(event, nowMs)
    : ageOf(event.lastTimestamp, nowMs)
}

export function countOfEvent({ series, count = 0 }: EventBody): number {
  return series?.count ?? (count === 0 ? 1 : count)
}

/** `configmap/till`, what an event is about. */
export function objectOfEvent({ involvedObject = {} }: Partial<EventBody>): string {
  const { kind = '', name = '' } = involvedObject
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

export function sourceOfEvent(event: EventBody): string {
  const { component = '', host = '' } = event.source ?? {}
  const [who, where] =
    component === ''
      ? [event.reportingComponent ?? '', event.reportingInstance ?? '']
      : [component, host]
  return where === '' ? who : `${who}, ${where}`
}
