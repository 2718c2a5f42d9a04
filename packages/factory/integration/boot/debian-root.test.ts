// Configures a whole Debian root from the packages in the cache of this machine: half a minute of
// CPU.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { extract } from 'tar-stream'
import { systemClock } from '@skerry/base/clock'
import { lockedSet } from '../../src/debian/ensure-tree.ts'
import { openFactoryCache, packagePath } from '../../src/debian/factory-cache.ts'
import { missingPackages } from '../../src/debian/fetch-packages.ts'
import { readLock } from '../../src/debian/read-lock.ts'

const run = promisify(execFile)
const set = 'debian-sysvinit'
const lock = await readLock()
const kept = await openFactoryCache()
const needed = ['tools', set].flatMap((name) => [...lockedSet(lock, name).packages])
const missing = await missingPackages(kept, needed, systemClock)
const skip =
  missing.length > 0 &&
  `${missing.length} packages of the lock are not in ${kept.packages}: build an image once`

type Entry = { readonly mode: number; readonly owner: string; readonly type: string; size: number }

describe('a Debian root, configured by somebody who is not root', { skip }, () => {
  let directory: string
  let tar: string
  const entries = new Map<string, Entry>()

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skerry-root-'))
    await chmod(directory, 0o755)
    const cache = await openFactoryCache(directory)
    for (const { sha256 } of needed)
      await cp(packagePath(kept, sha256), packagePath(cache, sha256), { recursive: true })
    tar = await build(directory)
    const reader = extract()
    createReadStream(tar).pipe(reader)
    for await (const entry of reader) {
      const { name, mode, uid, gid, type, size } = entry.header
      const owner = `${uid}:${gid}`
      const key = name.replace(/^\.\//, '').replace(/\/$/, '')
      entries.set(key, { mode: mode ?? 0, owner, type: type ?? '', size: size ?? 0 })
      entry.resume()
    }
  })
  after(() => rm(directory, { recursive: true, force: true }))

  test('files belong to whom the packages say, although that user owned all of them', () => {
    assert.equal(entries.get('etc/shadow')?.owner, '0:42')
    assert.equal(entries.get('usr/sbin/unix_chkpwd')?.owner, '0:42')
    assert.equal(entries.get('usr/sbin/unix_chkpwd')?.mode, 0o2755)
    assert.equal(entries.get('usr/sbin/init')?.owner, '0:0')
  })

  test('nothing is in it that a machine makes itself, that was for building, or that differs by build', () => {
    assert.equal(entries.get('etc/machine-id')?.size, 0)
    const names = [...entries.keys()]
    const unwanted = names.filter(
      (name) =>
        /ssh_host_|libfakeroot|resolv\.conf$|etc\/hostname$|\.pwd\.lock$|-old$/.test(name) ||
        /^(dev|proc|sys|tmp|run\/skerry|var\/cache\/apt|var\/lib\/apt)\/./.test(name) ||
        (name.startsWith('var/log/') && entries.get(name)?.type === 'file'),
    )
    assert.deepEqual(unwanted, [])
    const devices = names.filter((name) => /device/.test(entries.get(name)?.type ?? ''))
    assert.deepEqual(devices, [])
    assert.ok(names.some((name) => /^usr\/share\/doc\/.*\/copyright$/.test(name)))
    assert.ok(!names.some((name) => name.startsWith('usr/share/man/man')))
  })

  test('nothing is left of the work', async () => {
    assert.deepEqual(await readdir(join(directory, 'incoming')), [])
  })

  test('it is byte for byte what root made on another day', async (context) => {
    const other = join(kept.roots, basename(tar))
    if ((await stat(other).catch(() => undefined)) === undefined)
      return context.skip(`${other} is not there: nobody built this root yet`)
    assert.equal(await digestOfFile(tar), await digestOfFile(other))
  })
})

async function build(directory: string): Promise<string> {
  const at = (path: string) =>
    JSON.stringify(new URL(`../../src/debian/${path}`, import.meta.url).href)
  const script = `const { openFactoryCache } = await import(${at('factory-cache.ts')})
    const { buildDebianRoot } = await import(${at('build-debian-root.ts')})
    const { readLock } = await import(${at('read-lock.ts')})
    const cache = await openFactoryCache(${JSON.stringify(directory)})
    console.log((await buildDebianRoot(cache, await readLock(), ${JSON.stringify(set)})).tar)`
  const words = ['--input-type=module', '-e', script]
  if (process.getuid?.() !== 0) return (await run(process.execPath, words)).stdout.trim()
  await run('chown', ['-R', '65534:65534', directory])
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath]
  return (await run('setpriv', [...user, ...words])).stdout.trim()
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
