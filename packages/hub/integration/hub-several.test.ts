// Hubs as processes on one database: what they say when it goes away, and who of them leads.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { type Lease, configMapKind, leaseKind } from '@skerry/api/kinds/core'
import { profileKind } from '@skerry/api/kinds/profile'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { type HubAddress, loadKubeconfig } from '@skerry/client/kubeconfig'
import { startEmbeddedPostgres } from '@skerry/store/embedded-postgres'
import { type HubProcess, postmasterPid, startHub, temporaryFolder } from './hub-process.ts'

const anyPort = ['--port', '0', '--gateway-port', '0']
const leaseKey = { namespace: 'skerry-system', name: 'skerry-controllers' }

async function send(
  { server, authority, clientCertificate, clientKey }: HubAddress,
  method: string,
  path: string,
  body?: string,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(server)
  const [ca, cert, key] = [authority ?? '', clientCertificate ?? '', clientKey ?? '']
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const agent = new Agent({ ca, cert, key })
  const sent = request({ hostname, port, method, path, headers, agent })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

async function textOf(response: IncomingMessage): Promise<string> {
  return (await response.toArray()).map(String).join('')
}

async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await ask().catch(() => undefined)
    if (found !== undefined) return found
    await systemClock.sleep(100)
  }
  return assert.fail(`waited in vain for ${what}`)
}

test('a database that goes away: 503 with a reason, /readyz says so, a watch goes on without a gap', async () => {
  using folder = temporaryFolder()
  await using hub = startHub('--data', folder.path, ...anyPort)
  await using state = await hub.ready()
  const address = await loadKubeconfig(join(folder.path, 'kubeconfig'))
  const path = '/api/v1/namespaces/default/configmaps'
  const { resourceVersion } = await state.list(configMapKind, { namespace: 'default' })
  const watch = await send(address, 'GET', `${path}?watch=1&resourceVersion=${resourceVersion}`)
  const seen: string[] = []
  createInterface({ input: watch }).on('line', (line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: object } }
    seen.push(`${type} ${(object.metadata as { name: string }).name}`)
  })
  const create = (name: string) =>
    send(address, 'POST', path, JSON.stringify({ metadata: { name } }))
  assert.equal((await create('before')).statusCode, 201)

  const pid = postmasterPid(folder.path)!
  process.kill(pid, 'SIGKILL')
  const notReady = await eventually('/readyz to say so', async () => {
    const ready = await send(address, 'GET', '/readyz')
    return ready.statusCode === 500 ? await textOf(ready) : undefined
  })
  assert.match(notReady, /\[\+\]ping ok\n(.*\n)*\[-\]database failed/)
  assert.equal((await send(address, 'GET', '/livez')).statusCode, 200)
  const accepted = new Set(['before'])
  const refusals = new Set<number>()
  for (let at = 0; accepted.size < 4; at += 1) {
    assert.ok(at < 1200, 'it never came back')
    const response = await create(`w${at}`)
    const text = await textOf(response)
    if (response.statusCode === 201) accepted.add(`w${at}`)
    else {
      refusals.add(response.statusCode!)
      const status = JSON.parse(text) as { reason: string; message: string }
      assert.match(
        `${status.reason}: ${status.message}`,
        /^(ServiceUnavailable|Timeout): .*database/,
      )
      if (response.statusCode === 503) assert.equal(response.headers['retry-after'], '1')
      await systemClock.sleep(25)
    }
  }
  assert.ok(refusals.has(503), [...refusals].join())
  const { items } = await state.list(configMapKind, { namespace: 'default' })
  const there = items
    .map(({ metadata }) => metadata.name)
    .filter((name) => /^(w\d|before)/.test(name))
  for (const name of accepted) assert.ok(there.includes(name), name)
  await eventually('the events', async () => (seen.length >= there.length ? true : undefined))
  const told = seen.filter((event) => /ADDED (w\d|before)/.test(event))
  assert.deepEqual(told.toSorted(), there.map((name) => `ADDED ${name}`).toSorted())
  assert.equal((await send(address, 'GET', '/readyz')).statusCode, 200)
  watch.destroy()
})

test('the leader is killed, and another one stands still for too long: one leads, and only one writes', async () => {
  using folder = temporaryFolder()
  const doors = { clock: systemClock, log: silentLog }
  await using database = await startEmbeddedPostgres({ ...doors, dataDir: folder.path })
  const start = (name: string) =>
    startHub('--data', join(folder.path, name), '--database-url', database.databaseUrl, ...anyPort)
  const leads = (hub: HubProcess) => hub.said().split('this hub leads').length - 1
  const holder = async (state: State): Promise<Lease['spec']> =>
    (await state.get(leaseKind, leaseKey))!.spec
  const first = start('a')
  const firstState = await first.ready()
  await eventually('the first to lead', async () => (leads(first) === 1 ? true : undefined))
  await using second = start('b')
  await using state = await second.ready()
  const before = await holder(state)
  await firstState[Symbol.asyncDispose]()
  first.child.kill('SIGKILL')
  await first.exited
  await eventually('the second to lead', async () => (leads(second) === 1 ? true : undefined))
  const after = await holder(state)
  assert.notEqual(after.holderIdentity, before.holderIdentity)
  assert.equal(after.leaseTransitions, (before.leaseTransitions ?? 0) + 1)

  await using third = start('c')
  await using elsewhere = await third.ready()
  second.child.kill('SIGSTOP')
  await eventually('the third to lead', async () => (leads(third) === 1 ? true : undefined))
  const taken = await holder(elsewhere)
  second.child.kill('SIGCONT')
  // Work for whoever leads; both would be seen in its revisions if two did it.
  await elsewhere.create(profileKind, {
    metadata: { namespace: 'default', name: 'p' },
    spec: { layers: [{ name: 'x', type: 'workload', workload: { command: ['/bin/true'] } }] },
  })
  await eventually('the second to step down', async () =>
    second.said().includes('this hub no longer leads') ? true : undefined,
  )
  await eventually('the work to be done', async () => {
    const profile = await elsewhere.get(profileKind, { namespace: 'default', name: 'p' })
    return profile?.status === undefined ? undefined : true
  })
  const now = await holder(elsewhere)
  assert.equal(now.holderIdentity, taken.holderIdentity)
  assert.equal(now.leaseTransitions, taken.leaseTransitions)
  // What is written through one is seen through the other.
  await elsewhere.create(configMapKind, { metadata: { namespace: 'default', name: 'seen' } })
  assert.ok(await state.get(configMapKind, { namespace: 'default', name: 'seen' }))
})
