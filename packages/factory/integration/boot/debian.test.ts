// Needs the packages of the lock in the cache of this machine, since a test fetches nothing by
// itself.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '@skerry/base/clock'
import { ensureTree, lockedSet } from '../../src/debian/ensure-tree.ts'
import { type FactoryCache, openFactoryCache } from '../../src/debian/factory-cache.ts'
import { missingPackages } from '../../src/debian/fetch-packages.ts'
import { readLock } from '../../src/debian/read-lock.ts'
import type { Tree } from '../../src/debian/tree.ts'
import { runInTools } from '../../src/tools/run-in-tools.ts'
import { secretPath } from '../../src/tools/tool-command.ts'
import { treeProgram } from '../../src/tools/tree-program.ts'

const run = promisify(execFile)
const lock = await readLock()
const kept = await openFactoryCache()
const needed = ['tools', 'kernel-cloud'].flatMap((set) => [...lockedSet(lock, set).packages])
const missing = await missingPackages(kept, needed, systemClock)
const skip =
  missing.length > 0 &&
  `${missing.length} packages of the lock are not in ${kept.packages}: build an image once`

describe('trees of Debian packages', { skip }, () => {
  let directory: string
  let cache: FactoryCache
  let tools: Tree

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skerry-trees-'))
    await chmod(directory, 0o755)
    cache = { ...(await openFactoryCache(directory)), packages: kept.packages }
    tools = await ensureTree(cache, lock, 'tools')
    await mkdir(join(directory, 'work/root/etc'), { recursive: true })
    await writeFile(join(directory, 'work/root/etc/hello'), 'hello')
    await chmod(join(directory, 'work'), 0o777)
  })
  after(() => rm(directory, { recursive: true, force: true }))

  test('a tree is whole, and made once', async () => {
    assert.equal((await ensureTree(cache, lock, 'tools')).path, tools.path)
    assert.deepEqual(await readdir(cache.incoming), [])
    assert.equal((await stat(join(tools.path, 'tmp'))).mode & 0o7777, 0o1777)
  })

  test('every program that the factory runs starts', async () => {
    const programs =
      'mkfs.erofs --version, ukify --version, systemd-repart --version, mcopy --version, mkfs.vfat --help, ' +
      'sbsign --version, veritysetup --version, depmod --version, patchelf --version, strip --version, ' +
      'zstd --version, openssl version, virt-fw-vars --help, mmdebstrap --version, fsck.vfat --help, ' +
      'mke2fs -V, fakeroot-sysv --version, cert-to-efi-sig-list --version, sign-efi-sig-list --version'
    const script = programs
      .split(', ')
      .map((each) => `${each} >/dev/null || echo "$? ${each}" >&2`)
      .join('\n')
    const { log } = await runInTools(tools, { command: ['sh', '-c', script] })
    assert.doesNotMatch(log, /^(126|127) |error while loading/m)
  })

  test('a file system is made of what is bound, and nothing else is written', async () => {
    const work = join(directory, 'work')
    const before = await readdir(tools.path, { recursive: true })
    await runInTools(tools, {
      command: ['mkfs.erofs', '-T0', '-Uclear', '--quiet', 'image', 'root'],
      directory: work,
      binds: [{ path: work, isWritable: true }],
    })
    assert.equal((await stat(join(work, 'image'))).size % 4096, 0)
    const readOnly = runInTools(tools, {
      command: ['touch', '/shown/x'],
      binds: [{ path: work, at: '/shown' }],
    })
    await assert.rejects(readOnly, /Read-only file system/)
    await assert.rejects(runInTools(tools, { command: ['touch', '/usr/x'] }), /Read-only/)
    assert.deepEqual(await readdir(tools.path, { recursive: true }), before)
  })

  test('a secret is found where it was said, and by nobody else', async () => {
    const key = Buffer.from('-----BEGIN PRIVATE KEY-----\n')
    const script = `cat ${secretPath('db.key')}; stat -c %a ${secretPath('db.key')}; cat /proc/self/environ /proc/$$/cmdline`
    const { stdout } = await runInTools(tools, {
      command: ['sh', '-c', script],
      secrets: { empty: Buffer.alloc(0), 'db.key': key, other: Buffer.from('other') },
    })
    assert.equal(stdout.toString().split('BEGIN PRIVATE KEY').length, 2)
    assert.match(stdout.toString(), /KEY-----\n600\n/)
    await assert.rejects(stat(secretPath('db.key')), /ENOENT/)
  })

  test('a stop ends all that was started', async () => {
    const stop = new AbortController()
    const running = runInTools(
      tools,
      {
        command: ['sh', '-c', 'sleep 7001 & echo up >&2; sleep 7001'],
        onLine: () => stop.abort(new Error('stopped')),
      },
      stop.signal,
    )
    await assert.rejects(running, /stopped/)
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
    const lines = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    )
    assert.deepEqual(
      lines.filter((line) => line === 'sleep\x007001\x00'),
      [],
    )
  })

  test('a kernel has its modules indexed, by the tools', async () => {
    const kernel = await ensureTree(cache, lock, 'kernel-cloud')
    const [version] = await readdir(join(kernel.path, 'usr/lib/modules'))
    const index = join(kernel.path, 'usr/lib/modules', version!, 'modules.dep')
    assert.match(await readFile(index, 'utf8'), /erofs\.ko/)
    assert.deepEqual(
      kernel.packages.map(({ name }) => name.replace(/-[0-9].*-/, '-N-')),
      ['linux-image-N-amd64', 'linux-image-cloud-amd64'],
    )
  })

  test('a program runs by the loader of its tree, without entering it', async () => {
    const [loader, ...words] = treeProgram(tools, '/usr/bin/openssl')
    const { stdout } = await run(loader!, [...words, 'version'])
    assert.match(stdout, /^OpenSSL 3/)
  })

  const isRoot = process.getuid?.() === 0
  test(
    'somebody who is not root uses the same tools',
    { skip: !isRoot && 'this whole file ran as such a user' },
    async () => {
      const here = new URL('../../src/tools/run-in-tools.ts', import.meta.url).href
      const work = join(directory, 'work')
      await rm(join(work, 'image'), { force: true })
      const tool = {
        command: [
          'sh',
          '-c',
          'ukify --version && mkfs.erofs --quiet image root && cat /run/secrets/k',
        ],
        directory: work,
        binds: [{ path: work, isWritable: true }],
      }
      const script = `const { runInTools } = await import(${JSON.stringify(here)})
        const tool = { ...${JSON.stringify(tool)}, secrets: { k: Buffer.from('known') } }
        console.log((await runInTools(${JSON.stringify({ path: tools.path })}, tool)).stdout.toString())`
      const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
      const { stdout } = await run('setpriv', [
        ...user,
        process.execPath,
        '--input-type=module',
        '-e',
        script,
      ])
      assert.match(stdout, /^ukify 257[^]*known/)
      assert.equal((await stat(join(work, 'image'))).uid, 65534)
    },
  )
})
