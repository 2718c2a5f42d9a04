import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeviceLink } from '@skerry/client/device-link'
import { createBus } from '../bus.ts'
import { type ConnectionState, unknownState } from '../buses.ts'
import { createFakeHost } from '../testing/fake-host.ts'
import { announce, askHub } from './hub-contact.ts'

const linked = (pollSpec: () => Promise<undefined>) =>
  createBus<ConnectionState>({
    phase: 'Connected',
    link: { pollSpec } as unknown as DeviceLink,
  })

it('a hub answers when it says something within a bound, and not because there is a connection', async () => {
  const host = createFakeHost()
  const none = createBus<ConnectionState>({ phase: 'Disconnected' })
  assert.equal(await askHub(host, none, undefined), false)
  assert.equal(
    await askHub(
      host,
      linked(async () => undefined),
      undefined,
    ),
    true,
  )
  const refused = linked(() => Promise.reject(new Error('lost')))
  assert.equal(await askHub(host, refused, undefined), false)
  const hanging = askHub(
    host,
    linked(() => new Promise(() => {})),
    undefined,
  )
  await host.advance(5000)
  assert.equal(await hanging, false)
})

it('a restart waits until the hub was told, and not for long', async () => {
  const host = createFakeHost()
  const current = createBus(unknownState)
  const told = createBus(-1)
  const connection = linked(async () => undefined)
  const done: string[] = []
  const tell = (name: string) =>
    announce({ host, current, connection, told }).then(() => done.push(name))
  current.set(unknownState)
  const first = tell('first')
  told.set(0)
  await host.advance(100)
  assert.deepEqual(done, [])
  told.set(1)
  await first
  current.set(unknownState)
  const second = tell('second')
  await host.advance(4900)
  assert.deepEqual(done, ['first'])
  await host.advance(200)
  await second
  connection.set({ phase: 'Disconnected' })
  current.set(unknownState)
  await tell('nobody to tell')
})
