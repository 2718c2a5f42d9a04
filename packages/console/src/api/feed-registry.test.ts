import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unavailable } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import { FeedRegistry } from './feed-registry.ts'

let nowMs = 1000
const clock: Clock = {
  now: () => nowMs,
  monotonicMs: () => nowMs,
  sleep: (_delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) reject(new Error('aborted'))
      else setImmediate(resolve)
    }),
}

async function until(isIt: () => boolean) {
  for (let turn = 0; turn < 1000 && !isIt(); turn += 1) await new Promise(setImmediate)
  assert.ok(isIt())
}

test('the connection is lost from when the last answer came, until the next one', async () => {
  const registry = new FeedRegistry({ clock, random: seededRandom(1) })
  let isUp = true
  const feed = registry.feed('one', () => async (output) => {
    if (!isUp) throw unavailable('away')
    output.known(1)
  })
  assert.equal(
    registry.feed('one', () => assert.fail('made twice')),
    feed,
  )
  const end = feed.subscribe(() => undefined)
  await until(() => feed.snapshot().state === 'known')
  assert.deepEqual(registry.connection(), { isLost: false })
  isUp = false
  await until(() => registry.connection().isLost)
  nowMs = 9000
  assert.deepEqual(registry.connection(), { isLost: true, knownAtMs: 1000, message: 'away' })
  isUp = true
  await until(() => !registry.connection().isLost)
  end()
})

test('a hidden page closes its connections and opens them when it is seen again', async () => {
  const registry = new FeedRegistry({ clock, random: seededRandom(1) })
  let open = 0
  const feed = registry.feed('two', () => async (output, signal) => {
    open += 1
    output.known(open)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    open -= 1
  })
  const end = feed.subscribe(() => undefined)
  await until(() => open === 1)
  registry.suspend(true)
  await until(() => open === 0)
  registry.suspend(false)
  await until(() => open === 1)
  end()
  await until(() => open === 0)
})
