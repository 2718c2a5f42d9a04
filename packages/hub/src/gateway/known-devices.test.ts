import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type Clock, systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import type { State } from '@skerry/api/state'
import { deviceKind } from '@skerry/api/kinds/device'
import { createMemoryState } from '@skerry/store/memory-state'
import { watchDevices } from './known-devices.ts'

const namespace = 'default'
const identity = { namespace, site: 's', siteUid: 'u', device: 'one' }
const spec = { site: 's', publicKeyDigest: 'key' }
const settle = () => new Promise((resolve) => setTimeout(resolve, 20))

test('devices are known from the watch, from the store while it is down, and gone ones are told', async () => {
  await using memory = createMemoryState({ clock: systemClock, random: seededRandom(1) })
  let gets = 0
  let isBroken = false
  let breakWatch = () => {}
  const state: State = {
    ...memory,
    get: (kind, key) => {
      gets += 1
      return memory.get(kind, key)
    },
    watch: (kind, options) => {
      if (isBroken) throw new Error('the store is away')
      const inner = new AbortController()
      breakWatch = () => inner.abort(new Error('the store is away'))
      return memory.watch(kind, {
        ...options,
        signal: AbortSignal.any([options.signal, inner.signal]),
      })
    },
  }
  const clock: Clock = { ...systemClock, sleep: (_, signal) => systemClock.sleep(5, signal) }
  const changes: [string, boolean][] = []
  await using devices = watchDevices({
    state,
    clock,
    log: silentLog,
    onChange: (key, device) => void changes.push([key, device !== undefined]),
  })
  for (const name of ['one', 'two'])
    await memory.create(deviceKind, { metadata: { name, namespace }, spec })
  await settle()
  assert.equal((await devices.find(identity))?.publicKeyDigest, 'key')
  assert.equal(gets, 0)
  assert.equal(await devices.find({ ...identity, device: 'three' }), undefined)
  assert.equal(gets, 1)

  isBroken = true
  breakWatch()
  await settle()
  changes.length = 0
  await memory.delete(deviceKind, { namespace, name: 'one' })
  // Nobody told; but whoever asks now hears the truth, and the next watch finds it out.
  assert.equal(await devices.find(identity), undefined)
  isBroken = false
  await settle()
  assert.deepEqual(changes, [
    ['default/two', true],
    ['default/one', false],
  ])
  const two = (await memory.get(deviceKind, { namespace, name: 'two' }))!
  await memory.update(deviceKind, { ...two, metadata: { ...two.metadata, finalizers: ['x/y'] } })
  await memory.delete(deviceKind, { namespace, name: 'two' })
  await settle()
  assert.equal((await devices.find({ ...identity, device: 'two' }))?.publicKeyDigest, '')
})
