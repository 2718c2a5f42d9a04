import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@skerry/base/random'
import type { Outcome, WriteRecord } from './hub-chaos-check.ts'
import type { ChaosHub, Reply, Sent } from './hub-chaos-hub.ts'
import {
  type AnyObject,
  type ChaosResource,
  chaosObject,
  collectionPath,
  namespaces,
  resources,
  seenOf,
  shards,
} from './hub-chaos-objects.ts'

export type WriterOptions = {
  readonly id: number
  readonly random: Random
  readonly hubs: readonly ChaosHub[]
  readonly writes: WriteRecord[]
  readonly writesMax: number
}

/** Objects that one writer has to itself, and those that all of them fight over. */
const ownNames = 12
const sharedNames = 4

type Place = {
  readonly resource: ChaosResource
  readonly namespace: string
  readonly name: string
}

/** Creates, changes and deletes objects, through any hub, until enough was written by all. */
export async function runWriter(options: WriterOptions): Promise<void> {
  const { id, random, hubs, writes, writesMax } = options
  const held = new Map<string, number | 'gone'>()
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random.next() * all.length)]!
  for (let count = 0; writes.length < writesMax; count += 1) {
    const isShared = random.next() < 0.1
    const number = Math.floor(random.next() * (isShared ? sharedNames : ownNames))
    const name = isShared ? `shared-${number}` : `own-${id}-${number}`
    const place: Place = { resource: pick(resources), namespace: pick(namespaces), name }
    const key = `${place.resource} ${place.namespace}/${name}`
    const hub = pick(hubs)
    const now = held.get(key) ?? (await readVersion(hub, place).catch(() => undefined))
    if (now === undefined) {
      await sleep(50)
      continue
    }
    const version = now === 'gone' ? undefined : now
    const planned = plan(place, { version, token: `w${id}-${count}`, pick, chance: random.next() })
    const outcome = await attempt(hub, planned.sent)
    writes.push({ ...planned.record, outcome })
    held.delete(key)
    if (outcome.type === 'acknowledged')
      held.set(key, planned.record.verb === 'delete' ? 'gone' : outcome.version)
    else if (outcome.type === 'unknown' || /^(429|503)/.test(outcome.why)) await sleep(100)
  }
}

type Planning = {
  /** Absent: it is not there. */
  readonly version: number | undefined
  readonly token: string
  readonly pick: <T>(all: readonly T[]) => T
  readonly chance: number
}

function plan(place: Place, { version, token, pick, chance }: Planning) {
  const { resource, namespace, name } = place
  const path = `${collectionPath(resource, namespace)}/${name}`
  const shard = pick(shards)
  const isStrict = chance * 10 - Math.floor(chance * 10) < 0.5
  const resourceVersion = isStrict && version !== undefined ? String(version) : undefined
  const expected = isStrict ? version : undefined
  const object = chaosObject(resource, { namespace, name, token, shard, resourceVersion })
  const body = JSON.stringify(object)
  const metadata = { resourceVersion, labels: { shard }, annotations: { token } }
  const of = (verb: WriteRecord['verb'], sent: Sent) => ({
    record: { verb, ...place, token, expected },
    sent,
  })
  const isCreate = version === undefined
  if (chance < 0.15 || (isCreate && chance < 0.7)) {
    if (isCreate)
      return of('create', { method: 'POST', path: collectionPath(resource, namespace), body })
    return {
      record: { verb: 'delete' as const, ...place, token: '', expected },
      sent: {
        method: 'DELETE',
        path,
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          preconditions: { resourceVersion },
        }),
      },
    }
  }
  if (chance < 0.45 && !isCreate) return of('update', { method: 'PUT', path, body })
  if (chance < 0.75 && !isCreate) {
    const type = 'application/merge-patch+json'
    return of('patch', { method: 'PATCH', path, type, body: JSON.stringify({ metadata }) })
  }
  const type = 'application/apply-patch+yaml'
  const query = '?fieldManager=chaos&force=true'
  return of('apply', { method: 'PATCH', path: `${path}${query}`, type, body })
}

async function attempt(hub: ChaosHub, sent: Sent): Promise<Outcome> {
  try {
    return outcomeOf(await hub.send(sent))
  } catch (thrown) {
    return { type: 'unknown', why: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function outcomeOf({ code, text }: Reply): Outcome {
  const why = `${code}: ${text.slice(0, 300)}`
  if (code === 500 || code === 504) return { type: 'unknown', why }
  if (code >= 400) return { type: 'refused', why }
  const object = JSON.parse(text) as AnyObject
  return { type: 'acknowledged', version: seenOf(object).version }
}

async function readVersion(hub: ChaosHub, place: Place): Promise<number | 'gone'> {
  const { resource, namespace, name } = place
  const path = `${collectionPath(resource, namespace)}/${name}`
  const { code, text } = await hub.send({ method: 'GET', path })
  if (code === 404) return 'gone'
  if (code !== 200) throw new Error(text)
  return seenOf(JSON.parse(text) as AnyObject).version
}
