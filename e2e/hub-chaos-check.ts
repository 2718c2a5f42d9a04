/** One change as the database has it: the one truth that everything else is held against. */
export type LogEntry = {
  readonly version: number
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly before: Seen | undefined
  readonly after: Seen | undefined
}

/** What is compared of an object: who wrote it last, and what selectors look at. */
export type Seen = { readonly version: number; readonly token: string; readonly shard: string }

export type Outcome =
  /** The version that the answer said. */
  | { readonly type: 'acknowledged'; readonly version: number }
  /** The answer said that nothing was written. */
  | { readonly type: 'refused'; readonly why: string }
  /** No answer, or one that says that nobody knows. */
  | { readonly type: 'unknown'; readonly why: string }

export type WriteRecord = {
  readonly verb: 'create' | 'update' | 'patch' | 'apply' | 'delete'
  readonly resource: string
  readonly namespace: string
  readonly name: string
  /** In the object since this write, and in no other; of a deletion, that of the object before. */
  readonly token: string
  /** The version that the write was for, if it named one. */
  readonly expected: number | undefined
  readonly outcome: Outcome
}

export type WatchFilter = {
  readonly resource: string
  /** Absent: of all. */
  readonly namespace: string | undefined
  /** Absent: all. */
  readonly shard: string | undefined
}

export type WatchedEvent = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly namespace: string
  readonly name: string
  readonly version: number
  readonly token: string
}

export type WatchRecord = {
  readonly id: string
  readonly filter: WatchFilter
  /** The version of its list. */
  readonly since: number
  readonly initial: readonly Pick<WatchedEvent, 'namespace' | 'name' | 'version' | 'token'>[]
  readonly events: readonly WatchedEvent[]
}

export type FinalObject = Pick<WatchedEvent, 'namespace' | 'name' | 'version' | 'token'>

export type History = {
  /** In the order of the table's key. */
  readonly log: readonly LogEntry[]
  readonly writes: readonly WriteRecord[]
  readonly watches: readonly WatchRecord[]
  /** What each server lists at the end, by its name and the resource. */
  readonly finals: readonly {
    readonly server: string
    readonly resource: string
    readonly objects: readonly FinalObject[]
  }[]
}

/** Everything that must not have happened and did, each in a sentence. Empty: all is well. */
export function checkHistory(history: History): string[] {
  return [
    ...checkLog(history.log),
    ...checkWrites(history),
    ...history.watches.flatMap((watch) => checkWatch(history.log, watch)),
    ...checkFinals(history),
  ]
}

const keyOf = (at: {
  readonly resource: string
  readonly namespace: string
  readonly name: string
}) => `${at.resource} ${at.namespace}/${at.name}`

/** Versions are unique, without a gap, and each change begins where the one before it ended. */
function checkLog(log: readonly LogEntry[]): string[] {
  const problems: string[] = []
  const now = new Map<string, Seen | undefined>()
  for (const [index, entry] of log.entries()) {
    const previous = log[index - 1]
    if (previous !== undefined && entry.version !== previous.version + 1)
      problems.push(`log: ${entry.version} comes after ${previous.version}`)
    const key = keyOf(entry)
    if (now.has(key) && now.get(key)?.version !== entry.before?.version)
      problems.push(
        `log: ${key} at ${entry.version} was ${entry.before?.version} before, and ${now.get(key)?.version} was written`,
      )
    if (entry.after !== undefined && entry.after.version !== entry.version)
      problems.push(`log: ${key} at ${entry.version} says of itself ${entry.after.version}`)
    now.set(key, entry.after)
  }
  return problems
}

function checkWrites({ log, writes }: History): string[] {
  const byVersion = new Map(log.map((entry) => [entry.version, entry]))
  const written = new Map<string, LogEntry[]>()
  for (const entry of log) {
    const token = entry.after?.token
    if (token === undefined || token === '') continue
    written.set(token, [...(written.get(token) ?? []), entry])
  }
  const problems: string[] = []
  const taken = new Map<number, WriteRecord>()
  const known = new Set<string>()
  for (const write of writes) {
    const { verb, token, outcome, expected } = write
    const what = `${verb} of ${keyOf(write)} (${token})`
    if (verb !== 'delete') known.add(token)
    const times = verb === 'delete' ? 0 : (written.get(token)?.length ?? 0)
    if (times > 1) problems.push(`${what} was written ${times} times`)
    if (outcome.type === 'refused' && times > 0)
      problems.push(`${what} was refused (${outcome.why}) and written all the same`)
    if (outcome.type !== 'acknowledged') continue
    const entry = byVersion.get(outcome.version)
    if (entry === undefined || keyOf(entry) !== keyOf(write))
      problems.push(`${what} was acknowledged at ${outcome.version} and is lost`)
    else problems.push(...checkAcknowledged({ write, entry, what, expected }))
    const other = taken.get(outcome.version)
    if (other !== undefined)
      problems.push(`${what} and ${other.verb} of ${keyOf(other)} both got ${outcome.version}`)
    taken.set(outcome.version, write)
  }
  for (const [token, entries] of written)
    if (!known.has(token))
      problems.push(`log: ${entries[0]!.version} holds ${token}, which nobody wrote`)
  return problems
}

type Acknowledged = {
  readonly write: WriteRecord
  readonly entry: LogEntry
  readonly what: string
  readonly expected: number | undefined
}

function checkAcknowledged({ write, entry, what, expected }: Acknowledged): string[] {
  const isDeletion = write.verb === 'delete'
  if (isDeletion !== (entry.after === undefined))
    return [`${what} was acknowledged at ${entry.version}, where something else was done`]
  if (!isDeletion && entry.after?.token !== write.token)
    return [`${what} was acknowledged at ${entry.version}, where ${entry.after?.token} was written`]
  if (write.verb === 'create' && entry.before !== undefined)
    return [`${what} was acknowledged over an object that was there`]
  // An apply makes what is not there, whatever version it names: as a kube-apiserver does.
  const isMade = write.verb === 'apply' && entry.before === undefined
  if (expected !== undefined && !isMade && entry.before?.version !== expected)
    return [`${what} was for version ${expected} and replaced ${entry.before?.version}`]
  return []
}

/** The events that a watcher must get, in this order. */
export function expectedEvents(
  log: readonly LogEntry[],
  { resource, namespace, shard }: WatchFilter,
  since: number,
): WatchedEvent[] {
  const isIn = (seen: Seen | undefined) =>
    seen !== undefined && (shard === undefined || seen.shard === shard)
  return log.flatMap((entry): WatchedEvent[] => {
    if (entry.version <= since || entry.resource !== resource) return []
    if (namespace !== undefined && entry.namespace !== namespace) return []
    const { before, after, version, name } = entry
    const [was, is] = [isIn(before), isIn(after)]
    if (!was && !is) return []
    const type = was ? (is ? 'MODIFIED' : 'DELETED') : 'ADDED'
    const token = (type === 'DELETED' ? (after ?? before) : after)?.token ?? ''
    return [{ type, namespace: entry.namespace, name, version, token }]
  })
}

const told = ({ type, namespace, name, version }: WatchedEvent) =>
  `${type} ${namespace}/${name} at ${version}`

function checkWatch(log: readonly LogEntry[], watch: WatchRecord): string[] {
  const { id, filter, since, events } = watch
  const problems: string[] = []
  const expected = expectedEvents(log, filter, since)
  const expectedVersions = new Set(expected.map(({ version }) => version))
  const seen = new Set<number>()
  let last = since
  for (const event of events) {
    if (seen.has(event.version)) problems.push(`${id}: ${told(event)} came twice`)
    else if (event.version <= last)
      problems.push(`${id}: ${told(event)} came after ${last}: out of order`)
    else if (!expectedVersions.has(event.version))
      problems.push(`${id}: ${told(event)} is none of its events`)
    seen.add(event.version)
    last = Math.max(last, event.version)
  }
  const byVersion = new Map(events.map((event) => [event.version, event]))
  for (const wanted of expected) {
    const event = byVersion.get(wanted.version)
    if (event === undefined) problems.push(`${id}: ${told(wanted)} was skipped`)
    // Of what left a selector, some servers show what it was and some what it became.
    else if (
      told(event) !== told(wanted) ||
      (event.type !== 'DELETED' && event.token !== wanted.token)
    )
      problems.push(
        `${id}: ${told(event)} (${event.token}) should be ${told(wanted)} (${wanted.token})`,
      )
  }
  return [...problems, ...checkFold(log, watch)]
}

/** What a client that keeps a copy holds at the end is what there is. */
function checkFold(
  log: readonly LogEntry[],
  { id, filter, initial, events }: WatchRecord,
): string[] {
  const held = new Map(
    initial.map((object) => [`${object.namespace}/${object.name}`, object.version]),
  )
  for (const event of events) {
    const key = `${event.namespace}/${event.name}`
    if (event.type === 'DELETED') held.delete(key)
    else held.set(key, event.version)
  }
  return compareState(`${id} holds`, held, stateOf(log, filter))
}

function stateOf(
  log: readonly LogEntry[],
  { resource, namespace, shard }: WatchFilter,
): Map<string, number> {
  const state = new Map<string, number>()
  for (const entry of log) {
    if (entry.resource !== resource) continue
    if (namespace !== undefined && entry.namespace !== namespace) continue
    const key = `${entry.namespace}/${entry.name}`
    const isIn = entry.after !== undefined && (shard === undefined || entry.after.shard === shard)
    if (isIn) state.set(key, entry.version)
    else state.delete(key)
  }
  return state
}

function checkFinals({ log, finals }: History): string[] {
  return finals.flatMap(({ server, resource, objects }) => {
    const listed = new Map(
      objects.map(({ namespace, name, version }) => [`${namespace}/${name}`, version]),
    )
    const filter = { resource, namespace: undefined, shard: undefined }
    return compareState(`${server} lists`, listed, stateOf(log, filter))
  })
}

function compareState(
  what: string,
  held: ReadonlyMap<string, number>,
  truth: ReadonlyMap<string, number>,
): string[] {
  const problems: string[] = []
  for (const [key, version] of truth)
    if (held.get(key) !== version)
      problems.push(`${what} ${key} at ${held.get(key)}, and it is at ${version}`)
  for (const [key, version] of held)
    if (!truth.has(key)) problems.push(`${what} ${key} at ${version}, which is gone`)
  return problems
}
