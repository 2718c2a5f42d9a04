import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@skerry/base/clock'
import { DemoStory } from './lab-demo-story.ts'

/** Each sleep takes exactly as long as it says. */
function tickingClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 0,
    now: () => clock.nowMs,
    monotonicMs: () => clock.nowMs,
    sleep: async (ms: number) => void (clock.nowMs += ms),
  }
  return clock as never
}

function openStory(isTTY = false) {
  const written: string[] = []
  const clock = tickingClock()
  const screen = { isTTY, write: (text: string) => written.push(text) }
  return { story: new DemoStory(screen, clock), written, clock }
}

const waiting = (withinMs: number) => ({
  what: 'rain',
  withinMs,
  hint: () => 'Look up.',
  stop: new AbortController().signal,
})

test('chapters and their parts come with their times, and the sum is the whole', async () => {
  const { story, clock } = openStory()
  await story.chapter('one', async () => void (clock.nowMs += 1500))
  await story.chapter('two', async () => {
    clock.nowMs += 3000
    story.part('of that, waiting', 1000)
  })
  assert.deepEqual(
    story
      .table()
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().replaceAll(/ {2,}/g, '|')),
    ['one|1.5 s', 'two|3.0 s', 'of that, waiting|1.0 s', 'all of it|4.5 s'],
  )
})

test('what comes late is waited for, and without a terminal a line says so now and then', async () => {
  const { story, written, clock } = openStory()
  const found = await story.until(waiting(120_000), async () =>
    clock.nowMs >= 60_000 ? 'rain' : undefined,
  )
  assert.equal(found, 'rain')
  const lines = written.filter((text) => text.includes('waiting for rain'))
  assert.ok(lines.length >= 2 && lines.length <= 3, `${lines.length} lines`)
})

test('what never comes ends with what was waited for, the last problem and where to look', async () => {
  const { story } = openStory()
  await assert.rejects(
    story.until(waiting(10_000), async () => {
      throw new Error('no clouds')
    }),
    /rain did not come within 10 s\. The last try: no clouds\. Look up\./,
  )
})

test('a stop ends the waiting at once', async () => {
  const { story } = openStory()
  const stop = AbortSignal.abort(new Error('enough'))
  await assert.rejects(
    story.until({ ...waiting(10_000), stop }, async () => undefined),
    /enough/,
  )
})

test('on a terminal what is under way is drawn over itself and gone before the next line', async () => {
  const { story, written } = openStory(true)
  story.draw('half done')
  story.note('done')
  assert.match(written[0]!, /^\r.*half done/)
  assert.equal(written.slice(1).join(''), '\r\u001B[K    done\n')
})
