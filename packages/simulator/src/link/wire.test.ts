import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { createTimeline } from '../time/timeline.ts'
import { createTrace } from '../trace.ts'
import { Weather } from './weather.ts'
import { Wire } from './wire.ts'

function wireIn(weather = new Weather()) {
  const timeline = createTimeline()
  const got: string[] = []
  const ends: string[] = []
  const wire = new Wire(
    { timeline, random: seededRandom(4), weather, trace: createTrace(), name: 'site' },
    {
      hub: (reason) => ends.push(`hub: ${reason}`),
      device: (reason) => ends.push(`device: ${reason}`),
    },
  )
  const send = (what: string) =>
    wire.send('hub', { what, deliver: () => got.push(`${what} at ${timeline.elapsedMs}`) })
  const names = () => got.map((each) => each.split(' ')[0])
  return { timeline, weather, wire, got, ends, send, names }
}

test('a connection keeps its order, however late what was lost comes', async () => {
  const weather = Object.assign(new Weather(), { lossShare: 0.3, jitterMs: 500 })
  const { timeline, send, names } = wireIn(weather)
  const sent = Array.from({ length: 50 }, (_, at) => `m${at}`)
  for (const [at, what] of sent.entries()) timeline.after(at * 10, () => send(what))
  await timeline.runUntil(3_600_000)
  assert.deepEqual(names(), sent)
})

test('a message takes its time on the way, a large one longer', async () => {
  const weather = Object.assign(new Weather(), { jitterMs: 0, bytesPerSecond: 1000 })
  const { timeline, wire } = wireIn(weather)
  let arrivedMs = 0
  const deliver = () => (arrivedMs = timeline.elapsedMs)
  wire.send('device', { what: 'a spec', bytes: new Uint8Array(500), deliver })
  await timeline.runUntil(10_000)
  assert.equal(arrivedMs, 520)
})

test('what is sent into silence comes when it ends, and nobody is told meanwhile', async () => {
  const { timeline, weather, send, names, ends, wire } = wireIn()
  weather.sky = 'Silent'
  send('first')
  send('second')
  wire.end('device', 'the device ended it')
  await timeline.runUntil(60_000)
  assert.deepEqual([names(), ends], [[], ['device: the device ended it']])
  weather.sky = 'Fair'
  await timeline.runUntil(120_000)
  assert.deepEqual(names(), ['first', 'second'])
  assert.deepEqual(ends.at(-1), 'hub: the device ended it')
})

test('a network that is cut tells both ends at once, and what was on its way is lost', async () => {
  const { timeline, weather, send, names, ends } = wireIn()
  send('lost')
  timeline.after(1, () => (weather.sky = 'Cut'))
  await timeline.runUntil(60_000)
  assert.deepEqual([names(), ends.length], [[], 2])
})

test('an end without power says nothing, and hears nothing', async () => {
  const { timeline, wire, ends } = wireIn()
  wire.vanish('device')
  let isHeard = false
  wire.send('device', { what: 'a spec', deliver: () => (isHeard = true) })
  await timeline.runUntil(60_000)
  assert.deepEqual([isHeard, ends], [false, []])
})
