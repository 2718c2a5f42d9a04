// The hub as a process: what it cannot start with, and what it finds when it starts again.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { digestOf } from '@skerry/artifact/digest-of'
import { RegistryError, createRegistryClient } from '@skerry/artifact/registry-client'
import { createRegistryTransport } from '@skerry/artifact/registry-transport'
import { systemClock } from '@skerry/base/clock'
import { type HubAddress, loadKubeconfig } from '@skerry/client/kubeconfig'
import { connect } from '@skerry/store/postgres-connections'
import { readRunningHub } from '../src/hub-endpoint-file.ts'
import {
  failedStart,
  fill,
  mountProblem,
  mountedFolder,
  onlyError,
  postmasterPid,
  startHub,
  temporaryFolder,
} from './hub-process.ts'

const anyPort = ['--port', '0', '--gateway-port', '0']

const key = (name: string) => ({ namespace: 'default', name })
const put = (state: State, name: string) =>
  state.create(configMapKind, { metadata: key(name), data: { filler: 'x'.repeat(4000) } })

async function upload(address: HubAddress): Promise<void> {
  const { server: registry, authority: ca = '', clientCertificate: cert = '', clientKey } = address
  const transport = createRegistryTransport({ ca, cert, key: clientKey ?? '' })
  const bytes = Buffer.alloc(2 ** 20, 'model')
  await createRegistryClient({ registry, transport, clock: systemClock }).pushBlob(
    'models/digits',
    {
      digest: digestOf(bytes),
      sizeBytes: bytes.length,
      read: async function* (offset) {
        yield bytes.subarray(offset)
      },
    },
  )
}

async function listening(): Promise<AsyncDisposable & { port: string }> {
  const server: Server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: String((server.address() as AddressInfo).port),
    async [Symbol.asyncDispose]() {
      await once(server.close(), 'close')
    },
  }
}

test('wrong arguments end it with 2 and the usage', async () => {
  const cases: [string[], RegExp][] = [
    [[], /--data DIR is needed/],
    [['--data', '/x', '--port', 'many'], /--port many: must be a port, 0 to 65535/],
    [['--data', '/x', '--colour', 'red'], /--colour/],
  ]
  for (const [args, sentence] of cases) {
    const { code, said } = await failedStart(...args)
    assert.equal(code, 2)
    assert.match(said, sentence)
    assert.match(said, /Usage: hub/)
  }
})

test('a data directory that is a file is refused', async () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, 'precious')
  for (const path of [file, join(file, 'below')]) {
    const { code, said } = await failedStart('--data', path, ...anyPort)
    assert.equal(code, 1)
    assert.equal(onlyError(said), `${path} is not a directory: name another one.`)
  }
})

test('a read-only data directory is refused', { skip: mountProblem }, async () => {
  using disk = mountedFolder('ro,size=1m')
  for (const path of [disk.path, join(disk.path, 'deep/below')]) {
    const { code, said } = await failedStart('--data', path, ...anyPort)
    assert.equal(code, 1)
    assert.equal(onlyError(said), `${path} is read-only: mount it writable.`)
  }
})

test('a disk that is too small for a database is told, and nothing half made stays', async (t) => {
  if (mountProblem !== false) return t.skip(mountProblem)
  using disk = mountedFolder('size=2m')
  const { code, said } = await failedStart('--data', disk.path, ...anyPort)
  assert.equal(code, 1)
  assert.match(onlyError(said), /its disk has no space left: free some or enlarge the disk/)
  assert.deepEqual(readdirSync(join(disk.path, 'postgres')), [])
})

test('a port in use ends the start in order; the next one has all that was there', async () => {
  using folder = temporaryFolder()
  const data = ['--data', folder.path]
  {
    await using hub = startHub(...data, ...anyPort)
    await using state = await hub.ready()
    await put(state, 'kept')
  }
  {
    await using taken = await listening()
    const attempts = [
      ['--port', '--port', taken.port, '--gateway-port', '0'],
      ['--gateway-port', '--port', '0', '--gateway-port', taken.port],
    ] as const
    for (const [option, ...ports] of attempts) {
      const { code, said } = await failedStart(...data, ...ports)
      assert.equal(code, 1)
      assert.equal(
        onlyError(said),
        `Port ${taken.port} on 127.0.0.1 is in use: stop what uses it, or choose another with ${option}.`,
      )
      assert.equal(postmasterPid(folder.path), undefined, 'PostgreSQL was ended')
      assert.ok(!readdirSync(folder.path).includes('hub.lock'), 'the lock was given back')
    }
  }
  await using hub = startHub(...data, ...anyPort)
  await using state = await hub.ready()
  assert.ok(await state.get(configMapKind, key('kept')))
})

test('a second hub is refused; after kill -9 the next one takes over what was left', async () => {
  using folder = temporaryFolder()
  const data = ['--data', folder.path]
  const first = startHub(...data, ...anyPort)
  const before = await first.ready()
  await put(before, 'kept')
  const second = await failedStart(...data, ...anyPort)
  assert.equal(second.code, 1)
  assert.match(
    onlyError(second.said),
    /belongs to another hub that is running \(process \d+\): stop/,
  )
  await put(before, 'kept-too')
  await before[Symbol.asyncDispose]()

  const postgres = postmasterPid(folder.path)
  assert.ok(postgres !== undefined)
  first.child.kill('SIGKILL')
  await first.exited
  {
    await using hub = startHub(...data, ...anyPort)
    await using state = await hub.ready()
    assert.equal(postmasterPid(folder.path), postgres, 'the same PostgreSQL, and no second one')
    assert.ok(await state.get(configMapKind, key('kept')))
    assert.ok(await state.get(configMapKind, key('kept-too')))
  }
  assert.equal(postmasterPid(folder.path), undefined, 'and it ended with its new owner')
})

test('a disk that fills while it runs loses nothing that was accepted', async (t) => {
  if (mountProblem !== false) return t.skip(mountProblem)
  using disk = mountedFolder('size=160m')
  await using hub = startHub('--data', disk.path, ...anyPort)
  await using state = await hub.ready()
  const accepted: string[] = []
  const refusals = new Set<string>()
  const attempt = async (name: string) => {
    try {
      await put(state, name)
      accepted.push(name)
    } catch (thrown) {
      assert.ok(isApiError(thrown, 'ServiceUnavailable'), String(thrown))
      refusals.add(thrown.message)
    }
  }
  {
    using _ = fill(disk.path)
    for (let at = 0; refusals.size === 0; at += 1) {
      assert.ok(at < 20_000, 'a full disk was never told')
      await Promise.all(Array.from({ length: 20 }, (__, of) => attempt(`full-${at}-${of}`)))
    }
    const address = await loadKubeconfig(join(disk.path, 'kubeconfig'))
    await assert.rejects(upload(address), (error) => {
      assert.ok(error instanceof RegistryError, String(error))
      assert.deepEqual([error.status, error.code], [507, 'STORAGE_FULL'])
      assert.match(error.message, /no space left: free some or enlarge the disk/)
      return true
    })
  }
  await upload(await loadKubeconfig(join(disk.path, 'kubeconfig')))
  const had = accepted.length
  for (let at = 0; accepted.length < had + 5; at += 1) {
    assert.ok(at < 600, `it never came back: ${[...refusals].join(' ')}`)
    await attempt(`room-${at}`)
    await systemClock.sleep(50)
  }
  const { items } = await state.list(configMapKind, { namespace: 'default' })
  const names = new Set(items.map(({ metadata }) => metadata.name))
  assert.deepEqual(
    accepted.filter((name) => !names.has(name)),
    [],
  )
  assert.equal(hub.child.exitCode, null, 'the hub went on')
  t.diagnostic(`${had} accepted on a full disk, then: ${[...refusals].join(' ')}`)
})

test('tables that a newer hub has added to are no obstacle', async () => {
  using folder = temporaryFolder()
  const data = ['--data', folder.path]
  {
    await using hub = startHub(...data, ...anyPort)
    await using state = await hub.ready()
    await put(state, 'kept')
    // What the migration of a newer hub does, while this one runs: it only adds.
    const client = await connect((await readRunningHub(folder.path))!.databaseUrl)
    for (const table of ['counter', 'hub', 'objects', 'changes', 'specs', 'rollups'])
      await client.query(`alter table ${table} add column of_a_newer_hub text default 'x'`)
    await client.query('create table of_a_newer_hub (id integer primary key)')
    await client.query(`insert into migrations values (9999, '9999-newer.sql', 'x', '2030-01-01')`)
    await client.end()
    await put(state, 'while-it-runs')
  }
  await using hub = startHub(...data, ...anyPort)
  await using state = await hub.ready()
  await put(state, 'after-a-start')
  const { items } = await state.list(configMapKind, { namespace: 'default' })
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt'),
    ['after-a-start', 'kept', 'while-it-runs'],
  )
})
