import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { columnDefinitions } from '@skerry/api/table'
import type { IncludeObject } from '@skerry/api/table'
import type { TextEvent } from '@skerry/api/text-state'
import { includeObjectOf, isPartial } from '../wire/answer.ts'
import type { ResourceCall, ServerContext } from '../call.ts'
import { columnDefinitionsText, partialText, rowText } from '../wire/item-text.ts'

/** Writes the events of one watch as lines. */
export type WatchLines = (events: readonly TextEvent[]) => Buffer

type Form = {
  /** Equal for watches whose lines are the same. */
  readonly key: string
  readonly line: (event: TextEvent) => string
}

/** The lines of a list of events, for all watchers that are given that list and take it in the same form. */
const shared = new WeakMap<readonly TextEvent[], Map<string, Buffer>>()

export function watchLines(server: ServerContext, call: ResourceCall): WatchLines {
  const { target, accepted, query } = call
  const { kind } = target
  if (accepted.as === 'Table') return tableLines(server, kind, includeObjectOf(query))
  return sharedLines(isPartial(accepted.as) ? partialForm(kind) : wholeForm(kind))
}

function sharedLines({ key, line }: Form): WatchLines {
  return (events) => {
    const ofEvents = shared.get(events) ?? new Map<string, Buffer>()
    const known = ofEvents.get(key)
    if (known !== undefined) return known
    const lines = Buffer.from(events.map(line).join(''))
    shared.set(events, ofEvents.set(key, lines))
    return lines
  }
}

function lineOf(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`
}

function wholeForm(kind: AnyKind): Form {
  const type = { kind: kind.kind, apiVersion: apiVersionOf(kind) }
  return {
    key: 'whole',
    line: (event) =>
      event.type === 'BOOKMARK'
        ? lineOf('BOOKMARK', JSON.stringify({ ...type, metadata: bookmarkMetadata(event) }))
        : lineOf(event.type, event.item.text),
  }
}

function partialForm(kind: AnyKind): Form {
  return {
    key: 'partial',
    line: (event) =>
      event.type === 'BOOKMARK'
        ? lineOf('BOOKMARK', JSON.stringify(partialBookmark(event)))
        : lineOf(event.type, partialText(kind, event.item)),
  }
}

/** Only the first table names its columns, as a kube-apiserver sends them. */
function tableLines({ clock }: ServerContext, kind: AnyKind, include: IncludeObject): WatchLines {
  let isFirst = true
  const table = (version: string, columns: string, row: string): string =>
    `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"${version}"},"columnDefinitions":${columns},"rows":[${row}]}`
  const line = (event: TextEvent, columns: string): string => {
    if (event.type === 'BOOKMARK')
      return lineOf('BOOKMARK', table(event.resourceVersion, columns, bookmarkRow(kind, event)))
    const { item } = event
    const row = rowText(kind, item, { nowMs: clock.now(), includeObject: include })
    return lineOf(event.type, table(item.object.metadata.resourceVersion, columns, row))
  }
  const rest = sharedLines({ key: `table ${include}`, line: (event) => line(event, 'null') })
  return (events) => {
    if (!isFirst) return rest(events)
    isFirst = false
    const [first, ...others] = events
    const lines = others.map((event) => line(event, 'null'))
    return Buffer.from([line(first!, columnDefinitionsText(kind)), ...lines].join(''))
  }
}

type Bookmark = Extract<TextEvent, { type: 'BOOKMARK' }>

function bookmarkMetadata({ resourceVersion, isInitialEnd }: Bookmark): object {
  return isInitialEnd === true
    ? { resourceVersion, annotations: { 'k8s.io/initial-events-end': 'true' } }
    : { resourceVersion }
}

function partialBookmark(event: Bookmark): object {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: bookmarkMetadata(event),
  }
}

/** An empty row, whose object carries the bookmark. */
function bookmarkRow(kind: AnyKind, event: Bookmark): string {
  const cells = columnDefinitions(kind).map(({ format }) => (format === 'name' ? '' : null))
  return JSON.stringify({ cells, object: partialBookmark(event) })
}
