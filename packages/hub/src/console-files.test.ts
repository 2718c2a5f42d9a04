import { strict as assert } from 'node:assert'
import { readdir, readlink, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createConsoleFiles } from './console-files.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-console-'))
  await writeFile(join(folder, 'index.html'), '<p>hello')
  await writeFile(join(folder, 'big.js'), ' '.repeat(500_000))
})
after(() => rm(folder, { recursive: true, force: true }))

const get = (url: string, accept = 'text/html') =>
  Object.assign(Readable.from([]), { method: 'GET', url, headers: { accept } }) as HttpRequest

/** An answer; one that `isSlow` takes the first piece and no other. */
function answer(isSlow = false) {
  const headers = new Map<string, string | number>()
  const pieces: Buffer[] = []
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece)
      if (!isSlow) done()
    },
  })
  const setHeader = (name: string, value: string | number) => headers.set(name, value)
  const response = Object.assign(stream, { statusCode: 200, headersSent: false, setHeader })
  return {
    response: response as HttpResponse,
    headers,
    text: () => Buffer.concat(pieces).toString(),
  }
}

async function openFiles(): Promise<number> {
  const all = await readdir('/proc/self/fd')
  const paths = await Promise.all(all.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return paths.filter((path) => path.startsWith(folder)).length
}

async function eventually(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !(await isSo()); tries += 1) await turn()
  assert.ok(await isSo())
}

test('the page and what belongs to it are served, and nothing else', async () => {
  const serve = createConsoleFiles(folder)
  const page = answer()
  assert.equal(await serve(get('/'), page.response), true)
  await eventually(() => page.text() === '<p>hello')
  assert.match(String(page.headers.get('content-security-policy')), /default-src 'self'/)
  const others =
    '/no.js // //x.js /../../etc/passwd.js /%2e%2e/x.js /..%2fx.js /..\\x.js /%00.js /%'
  for (const url of [...others.split(' '), 'https://[/', ''])
    assert.equal(await serve(get(url, '*/*'), answer().response), false, url)
})

test('a reader that goes away in the middle leaves no file open', async () => {
  const serve = createConsoleFiles(folder)
  const slow = answer(true)
  assert.equal(await serve(get('/big.js'), slow.response), true)
  await eventually(async () => (await openFiles()) === 1)
  slow.response.destroy()
  await eventually(async () => (await openFiles()) === 0)
})
