// The checker of the chaos test, against histories in which something went wrong.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import {
  type History,
  type LogEntry,
  type Seen,
  type WatchFilter,
  type WriteRecord,
  checkHistory,
  expectedEvents,
} from './hub-chaos-check.ts'

const resource = 'configmaps'
const namespace = 'a'

/** A history in which everything is right. */
function history(seed = 1): History {
  const random = seededRandom(seed)
  const log: LogEntry[] = []
  const writes: WriteRecord[] = []
  const now = new Map<string, Seen>()
  for (let version = 11; version <= 110; version += 1) {
    const name = `o${Math.floor(random.next() * 8)}`
    const before = now.get(name)
    const isDeletion = before !== undefined && random.next() < 0.2
    const token = isDeletion ? before.token : `t${version}`
    const shard = String(Math.floor(random.next() * 3))
    const after = isDeletion ? undefined : { version, token, shard }
    if (after === undefined) now.delete(name)
    else now.set(name, after)
    log.push({ version, resource, namespace, name, before, after })
    const verb = isDeletion ? 'delete' : before === undefined ? 'create' : 'update'
    const outcome =
      version % 10 === 0
        ? ({ type: 'unknown', why: 'reset' } as const)
        : ({ type: 'acknowledged', version } as const)
    const expected = verb === 'update' ? before?.version : undefined
    writes.push({ verb, resource, namespace, name, token, expected, outcome })
  }
  writes.push({
    verb: 'create',
    resource,
    namespace,
    name: 'never',
    token: 'never',
    expected: undefined,
    outcome: { type: 'refused', why: 'Conflict' },
  })
  const filters: WatchFilter[] = [
    { resource, namespace: undefined, shard: undefined },
    { resource, namespace, shard: '1' },
  ]
  const objects = [...now].map(([name, { version, token }]) => ({
    namespace,
    name,
    version,
    token,
  }))
  return {
    log,
    writes,
    watches: filters.map((filter, index) => ({
      id: `w${index}`,
      filter,
      since: 10,
      initial: [],
      events: expectedEvents(log, filter, 10),
    })),
    finals: [{ server: 'one', resource, objects }],
  }
}

type Change = (events: History['watches'][number]['events']) => History['watches'][number]['events']
const withEvents = (good: History, watch: number, change: Change): History => ({
  ...good,
  watches: good.watches.map((each, index) =>
    index === watch ? { ...each, events: change(each.events) } : each,
  ),
})
const found = (bad: History, sentence: RegExp) => {
  const problems = checkHistory(bad)
  assert.ok(
    problems.some((problem) => sentence.test(problem)),
    `${sentence}: ${problems.slice(0, 5).join('; ')}`,
  )
}

describe('the checker', () => {
  it('finds nothing where nothing is wrong', () => {
    for (let seed = 1; seed <= 20; seed += 1) assert.deepEqual(checkHistory(history(seed)), [])
  })

  it('finds an event that was lost, doubled or swapped, wherever it is', () => {
    const good = history()
    for (const watch of [0, 1])
      for (let at = 0; at < good.watches[watch]!.events.length - 1; at += 1) {
        found(
          withEvents(good, watch, (events) => events.toSpliced(at, 1)),
          /was skipped/,
        )
        found(
          withEvents(good, watch, (events) => events.toSpliced(at, 0, events[at]!)),
          /came twice/,
        )
        found(
          withEvents(good, watch, (events) =>
            events.toSpliced(at, 2, events[at + 1]!, events[at]!),
          ),
          /out of order/,
        )
      }
  })

  it('finds events that are wrong in themselves, or another watcher’s', () => {
    const good = history()
    found(
      withEvents(good, 0, (events) => events.toSpliced(3, 1, { ...events[3]!, token: 'x' })),
      /should be/,
    )
    found(
      withEvents(good, 0, ([first, ...rest]) => [{ ...first!, type: 'MODIFIED' }, ...rest]),
      /should be ADDED/,
    )
    const foreign = good.watches[0]!.events.find(
      ({ version }) => !good.watches[1]!.events.some((event) => event.version === version),
    )!
    found(
      withEvents(good, 1, (events) =>
        [...events, foreign].toSorted((left, right) => left.version - right.version),
      ),
      /is none of its events/,
    )
    // The last event: only what the watcher holds in the end tells.
    found(
      withEvents(good, 0, (events) => events.slice(0, -1)),
      /w0 holds|skipped/,
    )
  })

  it('finds a write that was acknowledged and is lost, or was done twice', () => {
    const good = history()
    const lost = good.log.filter(({ version }) => version !== 55)
    found({ ...good, log: lost }, /acknowledged at 55 and is lost/)
    found({ ...good, log: lost }, /log: 56 comes after 54/)
    const twice = good.log.map((entry) =>
      entry.version === 60 && entry.after !== undefined
        ? {
            ...entry,
            after: { ...entry.after, token: good.log.find((one) => one.after)!.after!.token },
          }
        : entry,
    )
    found({ ...good, log: twice }, /written 2 times/)
  })

  it('finds a refusal that was written, an answer that was another’s, and what nobody wrote', () => {
    const good = history()
    const change = (version: number, more: Partial<WriteRecord>) => ({
      ...good,
      writes: good.writes.map((write) =>
        write.outcome.type === 'acknowledged' && write.outcome.version === version
          ? { ...write, ...more }
          : write,
      ),
    })
    const created = good.writes.find(({ verb }) => verb === 'create')!
    const version = created.outcome.type === 'acknowledged' ? created.outcome.version : 0
    const refused = { type: 'refused', why: 'no' } as const
    found(change(version, { outcome: refused }), /was refused \(no\) and written all the same/)
    found(change(version, { token: 'other' }), /where t\d+ was written/)
    found(change(version, { token: 'other' }), /which nobody wrote/)
    found(change(version, { outcome: { type: 'acknowledged', version: 9999 } }), /is lost/)
    const updated = good.writes.find(
      ({ verb, outcome }) => verb === 'update' && outcome.type === 'acknowledged',
    )!
    const at = updated.outcome.type === 'acknowledged' ? updated.outcome.version : 0
    found(change(at, { expected: 1 }), /was for version 1 and replaced/)
    found(change(at, { verb: 'create' }), /over an object that was there/)
  })

  it('finds a server whose list is not what was written', () => {
    const good = history()
    const [final] = good.finals
    const less = { ...good, finals: [{ ...final!, objects: final!.objects.slice(1) }] }
    found(less, /one lists a\/o\d at undefined/)
    const more = { namespace, name: 'ghost', version: 5, token: '' }
    found({ ...good, finals: [{ ...final!, objects: [...final!.objects, more] }] }, /which is gone/)
  })
})
