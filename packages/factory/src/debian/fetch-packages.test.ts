import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { type FactoryCache, openFactoryCache, packagePath } from './factory-cache.ts'
import { fetchPackages } from './fetch-packages.ts'
import { fetchPackage } from './fetch-package.ts'
import type { LockedPackage } from './locked-package.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const bytes = Buffer.from('0123456789'.repeat(1000))
const sha256 = createHash('sha256').update(bytes).digest('hex')
const each: LockedPackage = {
  name: 'bash',
  version: '1:5.2+b1',
  architecture: 'amd64',
  sha256,
  sizeBytes: bytes.length,
  file: 'pool/main/b/bash/bash_5.2+b1_amd64.deb',
  suite: 'trixie-security',
}
/** Waits nothing between tries, and a moment for the watch on idle connections. */
const clock = {
  ...systemClock,
  sleep: (delayMs: number, signal?: AbortSignal) =>
    systemClock.sleep(Math.min(delayMs, 10), signal),
}

let server: Server
let answer: Answer
let asked: string[]
let cache: FactoryCache
const mirror = { main: 'http://unused.invalid', security: '' }

before(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim())
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  mirror.security = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sec`
})
after(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  asked = []
  cache = await openFactoryCache(await mkdtemp(join(tmpdir(), 'skerry-factory-cache-')))
})
afterEach(() => rm(cache.directory, { recursive: true, force: true }))

/** What the next byte that arrives cuts. */
let cutting: ServerResponse | undefined
const onBytes = () => {
  cutting?.destroy()
  cutting = undefined
}
const options = () => ({ cache, mirror, clock, idleMs: 5000, onBytes })
const kept = () => readFile(packagePath(cache, sha256))
const ranged: Answer = (request, response) => {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(start > 0 ? 206 : 200).end(bytes.subarray(start))
}
const cutAt =
  (count: number): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length })
    response.write(bytes.subarray(0, count))
    cutting = response
  }

test('a package is asked of the archive of its suite, and kept under its digest', async () => {
  answer = ranged
  await fetchPackages(cache, [each], { what: 'tools', mirror, clock })
  assert.deepEqual(asked, ['/sec/pool/main/b/bash/bash_5.2%2Bb1_amd64.deb'])
  assert.deepEqual(await kept(), bytes)
  // What is there is not asked for again, nor is any mirror.
  await fetchPackages(cache, [each], { what: 'tools', mirror, clock })
  assert.equal(asked.length, 1)
  assert.deepEqual(await readdir(cache.incoming), [])
})

test('a cut connection is gone on with where it ended', async () => {
  answer = (request, response) => (asked.length === 1 ? cutAt(4000) : ranged)(request, response)
  await fetchPackage(each, options())
  assert.match(asked[1] ?? '', /bytes=4000-$/)
  assert.deepEqual(await kept(), bytes)
})

test('a mirror without ranges, and one that dislikes ours, sends all of it again', async () => {
  answer = (request, response) => {
    if (asked.length === 1) cutAt(4000)(request, response)
    else if (asked.length === 2) response.writeHead(416).end()
    else response.writeHead(200).end(bytes)
  }
  await fetchPackage(each, options())
  assert.deepEqual(await kept(), bytes)
})

test('what a dead process left is taken over, once', async () => {
  answer = ranged
  await writeFile(join(cache.incoming, `${sha256}.0.0.part`), bytes.subarray(0, 7000))
  await Promise.all([fetchPackage(each, options()), fetchPackage(each, options())])
  assert.equal(asked.filter((line) => line.endsWith('bytes=7000-')).length, 1)
  assert.deepEqual(await kept(), bytes)
  assert.deepEqual(await readdir(cache.incoming), [])
})

test('other bytes are never kept, be they as many, more or fewer', async () => {
  const wrong = Buffer.from(bytes)
  wrong[5000] = 0
  for (const sent of [wrong, Buffer.concat([wrong, bytes])]) {
    asked = []
    answer = (_request, response) => response.writeHead(200).end(sent)
    await assert.rejects(fetchPackage(each, options()), /has the SHA-256 .*, and the lock says/)
    assert.ok(asked.length <= 3)
  }
  answer = (_request, response) => response.writeHead(200).end(bytes.subarray(0, 10))
  await assert.rejects(fetchPackage(each, options()), /only 10 of 10000 bytes came/)
  await assert.rejects(kept(), /ENOENT/)
})

test('bytes that were spoilt on the disk are fetched anew', async () => {
  answer = ranged
  await writeFile(join(cache.incoming, `${sha256}.0.0.part`), Buffer.alloc(12_000))
  await fetchPackage(each, options())
  assert.deepEqual(await kept(), bytes)
})

test('a version that the mirror dropped is one sentence, asked once', async () => {
  answer = (_request, response) => response.writeHead(404).end()
  await assert.rejects(fetchPackage(each, options()), {
    reason: 'PackageGone',
    message:
      'The mirror has no bash 1:5.2+b1 any more, as mirrors drop old versions: run `skerry image lock --update`, with `-f` and the schematic if it names the package.',
  })
  assert.equal(asked.length, 1)
})

test('a mirror that is not there, fails or says nothing is given up in words; a stop stops', async () => {
  answer = (_request, response) => response.writeHead(503).end()
  await assert.rejects(fetchPackage(each, options()), /bash .* from 127.0.0.1:\d+: it answered 503/)
  answer = () => undefined
  await assert.rejects(fetchPackage(each, { ...options(), idleMs: 60 }), /no byte came for long/)
  const stop = new AbortController()
  answer = () => stop.abort(new Error('enough'))
  await assert.rejects(fetchPackage(each, { ...options(), idleMs: 60_000 }, stop.signal), /enough/)
  const nowhere = { main: '', security: 'http://127.0.0.1:1' }
  await assert.rejects(fetchPackage(each, { ...options(), mirror: nowhere }), {
    reason: 'Unreachable',
  })
})
