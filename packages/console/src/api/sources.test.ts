import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import type { Site } from '@skerry/api/kinds/site'
import { Feed, type Snapshot } from './feed.ts'
import { createHubClient } from './hub-client.ts'
import { watchSource } from './sources.ts'

/** Time that passes only in turns of the event loop. */
const quickClock: Clock = {
  now: () => 1000,
  monotonicMs: () => 1000,
  sleep: (_delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) reject(new Error('aborted'))
      else setImmediate(resolve)
    }),
}
const deps = { clock: quickClock, random: seededRandom(1) }

const site = (name: string, resourceVersion: string, health = 'Healthy') => ({
  kind: 'Site',
  metadata: { name, namespace: 'default', resourceVersion },
  spec: {},
  status: { health },
})
const list = (resourceVersion: string, ...items: unknown[]) =>
  Response.json({ kind: 'SiteList', metadata: { resourceVersion }, items })
const events = (...lines: unknown[]) =>
  new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

/** Answers each request in turn with the next of `answers`, then stays silent. */
function hub(answers: (() => Response)[]) {
  const asked: string[] = []
  let signedOut = 0
  const client = createHubClient(
    (path, init) => {
      asked.push(path)
      const answer = answers.shift()
      if (answer !== undefined) return new Promise((resolve) => resolve(answer()))
      return new Promise((_, reject) =>
        init.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
      )
    },
    () => {
      signedOut += 1
    },
  )
  const feed = new Feed(watchSource(client, 'sites', { namespace: 'default' }), deps)
  return { feed, asked, signedOut: () => signedOut }
}

async function until<V>(feed: Feed<V>, isIt: (snapshot: Snapshot<V>) => boolean) {
  let turns = 0
  const end = feed.subscribe(() => undefined)
  while (!isIt(feed.snapshot())) {
    turns += 1
    assert.ok(turns < 1000, `it never came: ${JSON.stringify(feed.snapshot())}`)
    await new Promise(setImmediate)
  }
  return { snapshot: feed.snapshot(), end }
}

const healthOf = (snapshot: Snapshot<readonly Site[]>) =>
  snapshot.state === 'known' ? snapshot.value.map((each) => each.status?.health) : []

test('lists, then follows the watch from the version of the list', async () => {
  const { feed, asked } = hub([
    () => list('5', site('a', '4')),
    () => events({ type: 'MODIFIED', object: site('a', '6', 'Failed') }),
  ])
  const { end } = await until(feed, (snapshot) => healthOf(snapshot)[0] === 'Failed')
  assert.equal(asked[0], '/apis/skerry.dev/v1alpha1/namespaces/default/sites')
  assert.match(asked[1]!, /watch=true.*resourceVersion=5/)
  await new Promise(setImmediate)
  assert.match(asked.at(-1)!, /resourceVersion=6/, 'goes on where the last watch ended')
  end()
})

test('what was known stays, marked, while the hub is away; and is fresh again afterwards', async () => {
  const { feed } = hub([
    () => list('5', site('a', '4')),
    () => {
      throw new TypeError('fetch failed')
    },
    () => new Response('not json', { status: 503 }),
    () => events({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } }),
  ])
  const lost = await until(feed, (snapshot) => snapshot.state === 'known' && !!snapshot.error)
  assert.deepEqual(healthOf(lost.snapshot), ['Healthy'])
  const back = await until(feed, (snapshot) => snapshot.state === 'known' && !snapshot.error)
  assert.deepEqual(healthOf(back.snapshot), ['Healthy'])
  lost.end()
  back.end()
})

test('lists again when the hub no longer keeps the version, by code or by event', async () => {
  const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
  const { feed, asked } = hub([
    () => list('5', site('a', '4')),
    () => Response.json(expired, { status: 410 }),
    () => list('90', site('a', '80'), site('b', '81')),
    () => events({ type: 'ERROR', object: expired }),
    () => list('190', site('c', '180', 'Degraded')),
  ])
  const { end, snapshot } = await until(feed, (each) => healthOf(each)[0] === 'Degraded')
  assert.deepEqual(healthOf(snapshot), ['Degraded'])
  assert.equal(asked.filter((path) => !path.includes('watch=true')).length, 3)
  end()
})

test('a refusal before anything is known is a failure with the words of the hub', async () => {
  const body = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'you may not list sites' }
  const { feed, signedOut } = hub([() => Response.json(body, { status: 403 })])
  const { snapshot, end } = await until(feed, (each) => each.state === 'failed')
  assert.ok(snapshot.state === 'failed' && snapshot.error instanceof ApiError)
  assert.equal(snapshot.error.message, 'you may not list sites')
  assert.equal(signedOut(), 0)
  end()
})

test('401 says that the person is signed out', async () => {
  const { feed, signedOut } = hub([() => new Response('', { status: 401 })])
  const { end } = await until(feed, (each) => each.state === 'failed')
  assert.equal(signedOut(), 1)
  end()
})

test('a list that is none does not end the feed', async () => {
  const { feed } = hub([() => Response.json({ items: 'many' }), () => list('5', site('a', '4'))])
  const { end } = await until(feed, (each) => each.state === 'known')
  end()
})
