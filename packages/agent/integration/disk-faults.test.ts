// The agent as a process on a real disk that is full or read-only.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeSite } from './agent-harness.ts'

type Disk = Disposable & { readonly path: string }

/** A disk of its own, in memory, on which `makeSite` then works. */
function mountDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-disk-'))
  const path = join(folder, 'disk')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path], { stdio: 'ignore' })
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = path
  return {
    path,
    [Symbol.dispose]() {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
      execFileSync('umount', ['--lazy', path])
      rmSync(folder, { recursive: true })
    },
  }
}

const skip = ((): string | false => {
  try {
    using _ = mountDisk()
    return false
  } catch {
    return 'a small disk needs mount(8) and the right to use it (root)'
  }
})()

function fill(disk: string): Disposable {
  const path = join(disk, 'filler')
  for (const sizeBytes of [2 ** 16, 512])
    for (;;)
      try {
        writeFileSync(path, Buffer.alloc(sizeBytes), { flag: 'a' })
      } catch {
        break
      }
  return { [Symbol.dispose]: () => rmSync(path) }
}

function answerOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'POST' }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', reject)
    asked.end('{"inputs":[]}')
  })
}

describe('an agent whose disk fails', { skip }, () => {
  it('runs on a full disk, refuses what it cannot keep, and takes it when there is room', async () => {
    using disk = mountDisk()
    await using site = await makeSite()
    const agent = await site.start()
    const [v1, v2] = [await site.model('v1'), await site.model('v2')]
    await site.put([v1])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'v1 serves')
    {
      using _ = fill(disk.path)
      await assert.rejects(site.put([v2]), /the disk is full: make room \(ENOSPC\)/)
      assert.equal(await answerOf(ports['digits']!), 200)
      agent.kill('SIGKILL')
      await once(agent, 'exit')
      await site.start()
      const status = await site.until((each) => each.health === 'Healthy', 'v1 serves again')
      assert.equal(status.layers[0]?.version, 'v1', 'nothing of what was refused')
      assert.equal(await answerOf(status.ports['digits']!), 200)
    }
    // Its file went meanwhile: nothing asked for it.
    await site.put([await site.model('v2')])
    await site.until((each) => each.layers[0]?.version === 'v2' && each.isSettled, 'v2 serves')
  })

  it('runs on a disk that became read-only, and takes a spec when it may write again', async () => {
    using disk = mountDisk()
    await using site = await makeSite()
    const agent = await site.start()
    const [v1, v2] = [await site.model('v1'), await site.model('v2')]
    await site.put([v1])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'v1 serves')
    const port = ports['digits']!
    const remount = (how: string) =>
      eventually(async () =>
        execFileSync('mount', ['-o', `remount,${how}`, disk.path], { stdio: 'ignore' }),
      )
    await remount('ro')
    await assert.rejects(site.put([v2]), /the disk is read-only: mount it for writing \(EROFS\)/)
    assert.equal(await answerOf(port), 200)
    agent.kill('SIGKILL')
    await once(agent, 'exit')
    // Its socket cannot be made there, so it answers locally as soon as the disk can be written.
    const answering = site.start()
    await eventually(async () => assert.equal(await answerOf(port), 200))
    await remount('rw')
    await answering
    await site.put([await site.model('v2')])
    await site.until((each) => each.layers[0]?.version === 'v2' && each.isSettled, 'v2 serves')
  })
})

/** A mount waits for files that are open for writing; a model for its process. */
async function eventually(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1)
    try {
      await attempt()
      return
    } catch (thrown) {
      if (tries > 200) throw thrown
      await sleep(50)
    }
}
