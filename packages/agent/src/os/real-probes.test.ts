import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import { type Server, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createRealProcesses } from '../real-processes.ts'
import { createDirectoryShelf } from './directory-shelf.ts'
import { probeInit } from './init-probe.ts'
import { createRealProbes, networkProblem } from './real-probes.ts'

const folder = await mkdtemp(join(tmpdir(), 'skerry-probes-'))
const servers: Server[] = []
after(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true, force: true })
})

async function place(name: string, text = ''): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, text)
  return path
}

const address = (text: string, internal = false) => ({
  address: text,
  internal,
  netmask: '',
  family: 'IPv4' as const,
  mac: '',
  cidr: null,
})
const routes = 'Iface\tDestination\tGateway\neth0\t00000000\t0202000A\t0003\n'
const route6 = `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} ffffffff 1 0 00200200`

describe('the network', () => {
  const cases: [string, Parameters<typeof networkProblem>[0], string, RegExp | undefined][] = [
    ['an address and a route', { eth0: [address('10.0.2.15')] }, routes, undefined],
    ['IPv6 alone', { eth0: [address('2001:db8::1')] }, `${route6}     eth0\n`, undefined],
    [
      'only a loopback',
      { lo: [address('127.0.0.1', true)] },
      routes,
      /no interface has an address/,
    ],
    ['only link-local', { eth0: [address('169.254.7.7'), address('fe80::1')] }, routes, /address/],
    ['an interface without any', { eth0: undefined }, routes, /address/],
    ['no route', { eth0: [address('10.0.2.15')] }, routes.split('\n')[0]!, /route/],
    ['a route of the loopback', { eth0: [address('10.0.2.15')] }, `${route6}       lo\n`, /route/],
  ]
  for (const [name, interfaces, table, expected] of cases)
    it(name, () => {
      const problem = networkProblem(interfaces, table)
      if (expected === undefined) assert.equal(problem, undefined)
      else assert.match(problem ?? '', expected)
    })
})

describe('a service where there is no systemd', () => {
  const at = { proc: join(folder, 'proc'), run: join(folder, 'run') }
  const probes = createRealProbes(
    createRealProcesses(() => undefined),
    at,
  )

  it('runs if the process of its file does, or one of its name', async () => {
    await place('proc/41/cmdline', '/usr/sbin/dropbear\0-F\0')
    await place('proc/42/cmdline', 'sleep\0')
    await place('run/pump.pid', '42\n')
    await place('run/gone.pid', '4711\n')
    await place('run/odd.pid', '../../etc\n')
    assert.equal(await probes.service('pump'), undefined)
    assert.equal(await probes.service('dropbear'), undefined)
    assert.match((await probes.service('gone')) ?? '', /gone is dead: process 4711/)
    assert.match((await probes.service('odd')) ?? '', /odd does not run/)
  })
})

describe('PID 1', () => {
  const places = {
    systemd: join(folder, 'systemd-is-here'),
    systemdSocket: join(folder, 'private'),
    stat: join(folder, 'stat'),
  }

  it('without systemd must not be dead or stopped', async () => {
    const states: [string, RegExp | undefined][] = [
      ['1 (init) S 0 1', undefined],
      ['1 (a) Z (b) R 0', undefined],
      ['1 (init) Z 0', /state Z/],
      ['1 (init) T 0', /state T/],
      ['nonsense', /state unknown/],
    ]
    for (const [stat, expected] of states) {
      await place('stat', stat)
      const problem = await probeInit(places)
      if (expected === undefined) assert.equal(problem, undefined)
      else assert.match(problem ?? '', expected)
    }
  })

  it('with systemd must answer on its own socket', async () => {
    await place('systemd-is-here')
    await place('stat', '1 (systemd) S 0 1')
    const heard: string[] = []
    const server = createServer((socket) =>
      socket.on('data', (bytes) => {
        heard.push(String(bytes))
        socket.write('OK 1234\r\n')
      }),
    )
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(places.systemdSocket, resolve))
    assert.equal(await probeInit(places), undefined)
    assert.deepEqual(heard, ['\0AUTH EXTERNAL 30\r\n'])
  })
})

describe('a model', () => {
  it('answers when it says that it is ready', async () => {
    let code = 200
    const server = createHttp((request, response) => {
      assert.equal(request.url, '/v2/health/ready')
      response.writeHead(code).end()
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
    const probes = createRealProbes(createRealProcesses(() => undefined))
    assert.equal(await probes.model(port), undefined)
    code = 503
    assert.equal(await probes.model(port), 'it says 503')
    await new Promise((resolve) => server.close(resolve))
    assert.match((await probes.model(port)) ?? '', /ECONNREFUSED/)
  })
})

describe('a directory with images', () => {
  it('has what it has, from any offset, and nothing outside of it', async () => {
    const digest = `sha256:${'ab'.repeat(32)}`
    await place(`stick/blobs/sha256/${'ab'.repeat(32)}`, 'weights')
    const shelf = createDirectoryShelf(join(folder, 'stick'))
    assert.equal(await shelf.has(digest), true)
    assert.equal(await shelf.has(`sha256:${'cd'.repeat(32)}`), false)
    assert.equal(await shelf.has('sha256:../../../stat'), false)
    const chunks: Uint8Array[] = []
    for await (const chunk of shelf.open(digest, 3)) chunks.push(chunk)
    assert.equal(Buffer.concat(chunks).toString(), 'ghts')
  })
})
