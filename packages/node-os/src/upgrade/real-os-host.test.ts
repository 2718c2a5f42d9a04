import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { fixedClock } from '../testing/drive.ts'
import { OsDiskError } from './os-host.ts'
import { withRealEsp } from './real-esp.ts'
import { createRealFiles } from './real-files.ts'
import { openRealOsHost } from './real-os-host.ts'
import { restartMachine } from './restart-machine.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skerry-os-host-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(`${root}${path}`), { recursive: true })
  await writeFile(`${root}${path}`, content)
}

async function putPartition(disk: string, device: string, label: string): Promise<void> {
  const folder = `/sys/devices/${disk}/${device}`
  await put(`${folder}/uevent`, `MAJOR=254\nDEVTYPE=partition\nPARTNAME=${label}\n`)
  await put(`${folder}/size`, '32\n')
  await mkdir(`${root}/sys/class/block`, { recursive: true })
  await symlink(`../../devices/${disk}/${device}`, `${root}/sys/class/block/${device}`)
  await put(`/dev/${device}`, new Uint8Array(32 * 512))
}

async function putMachine(): Promise<void> {
  for (const [at, label] of ['esp', 'slot-a', 'slot-b', 'slot-c', 'data'].entries())
    await putPartition('vda', `vda${at + 1}`, label)
  // A stick with our labels on it is not this machine's disk.
  await putPartition('sda', 'sda1', 'slot-a')
  await put('/run/skerry/disk', 'vda\n')
  await put('/run/skerry/slot', 'slot-a\n')
  await put('/run/skerry/data', 'Healthy\n')
  await put('/proc/cmdline', 'quiet\n')
  await put('/proc/uptime', '12.34 5.67\n')
  await put('/proc/sys/kernel/random/boot_id', 'the-boot\n')
  await put('/proc/sys/vm/drop_caches', '')
  const variable = (bytes: Uint8Array) => Buffer.concat([Buffer.from([7, 0, 0, 0]), bytes])
  const efi = '/sys/firmware/efi/efivars'
  const text = Buffer.from('systemd-boot 262.1-1\0', 'utf16le')
  await put(`${efi}/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`, variable(text))
  await put(`${efi}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`, variable(Buffer.from([1])))
  await put('/sys/class/watchdog/watchdog0/bootstatus', '32\n')
  await put('/sys/fs/pstore/dmesg-efi-1', 'Kernel panic')
  await put('/var/lib/systemd/pstore/17/dmesg.txt', 'Kernel panic')
}

const open = () => openRealOsHost({ log: silentLog, clock: fixedClock, root })

describe('a machine of ours', () => {
  it('is read from what the kernel, the firmware and the initrd say', async () => {
    await putMachine()
    const host = await open()
    const { boot } = host
    assert.equal(boot.bootId, 'the-boot')
    assert.equal(boot.uptimeSeconds, 12.34)
    assert.equal(boot.runningSlot, 'slot-a')
    assert.equal(boot.loader, 'systemd-boot 262.1-1')
    assert.equal(boot.secureBoot, true)
    assert.equal(boot.wasResetByWatchdog, true)
    assert.equal(host.data.isDurable, true)
    assert.equal(host.data.problem, undefined)
    assert.deepEqual(
      host.slots.map(({ name, device, sizeBytes }) => [name, device, sizeBytes]),
      [
        ['slot-a', 'vda2', 16384],
        ['slot-b', 'vda3', 16384],
        ['slot-c', 'vda4', 16384],
      ],
    )
    assert.equal((await host.panics.list()).length, 2)
    for (const { name } of await host.panics.list()) await host.panics.remove(name)
    assert.deepEqual(await host.panics.list(), [])
    await host.dropCaches()
    assert.equal(await readFile(`${root}/proc/sys/vm/drop_caches`, 'utf8'), '1')
  })

  it('gives bytes of a slot, and no fewer than were asked for', async () => {
    await putMachine()
    const [slot] = (await open()).slots
    await using bytes = await slot!.open()
    await bytes.write(4096, Buffer.from('here'))
    await bytes.sync()
    assert.equal(Buffer.from(await bytes.read(4096, 4)).toString(), 'here')
    await assert.rejects(bytes.read(16380, 10), OsDiskError)
  })

  it('is known without firmware, watchdog and data, and says what is missing', async () => {
    await put('/proc/cmdline', 'quiet')
    await put('/run/skerry/data', 'Corrupt: vda5 cannot be mounted: bad superblock')
    const host = await open()
    assert.deepEqual(host.slots, [])
    assert.equal(host.boot.secureBoot, undefined)
    assert.equal(host.boot.wasResetByWatchdog, undefined)
    assert.equal(host.data.isDurable, false)
    assert.match(host.data.problem ?? '', /Corrupt: vda5/)
    await assert.rejects(
      host.withEsp(async () => undefined),
      /no partition called esp/,
    )
  })
})

describe('the ESP', () => {
  const answers = new Map<string, number>()
  const calls: string[] = []
  const run = async (program: string, words: readonly string[]) => {
    const name = [program.slice(program.lastIndexOf('/') + 1), ...words].join(' ')
    calls.push(name.replace(/ -o \S+/, ''))
    return { code: answers.get(words[0]!) ?? 0, output: 'words' }
  }
  const options = () => ({
    device: '/dev/vda1',
    run,
    log: silentLog,
    directory: root,
    mounts: `${root}/mounts`,
  })
  beforeEach(() => {
    calls.length = 0
    answers.clear()
  })

  it('is unmounted, checked and mounted, and what the check salvaged goes', async () => {
    await put('/mounts', '/dev/vda1 /boot vfat rw 0 0\n/dev/vda5 /data ext4 rw 0 0\n')
    await put('/FSCK0000.REC', 'a lost kernel')
    await put('/keep.efi', 'foreign')
    const names = await withRealEsp(options(), async (files) =>
      (await files.list('/')).map(({ name }) => name),
    )
    assert.deepEqual(names, ['keep.efi', 'mounts'])
    assert.deepEqual(calls, [
      'busybox umount /boot',
      'fsck.fat -a /dev/vda1',
      `busybox mount -t vfat /dev/vda1 ${root}`,
      'busybox umount /boot',
    ])
  })

  it('that cannot be mounted is an error of the disk, with what was said', async () => {
    answers.set('mount', 255)
    await assert.rejects(
      withRealEsp(options(), async () => undefined),
      /cannot be mounted on .*: words/,
    )
  })

  it('is unmounted after an act that fails too', async () => {
    await put('/mounts', '/dev/vda1 /efi vfat rw 0 0\n')
    await assert.rejects(withRealEsp(options(), async () => Promise.reject(new Error('no'))))
    assert.equal(calls.at(-1), 'busybox umount /efi')
  })
})

it('what a disk refuses is one sort of error, and a full one is told apart', async () => {
  const files = createRealFiles(root)
  await assert.rejects(files.open('/none/file', 'create'), OsDiskError)
  await assert.rejects(files.rename('/none', '/other'), OsDiskError)
  assert.deepEqual(await files.list('/none'), [])
  await files.remove('/none')
  await files.mkdir('/there')
  await files.mkdir('/there')
  {
    await using file = await files.open('/there/file', 'create')
    await file.write(3, Buffer.from('abc'))
    await file.sync()
    assert.deepEqual([...(await file.read(2, 100))], [0, 97, 98, 99])
  }
  await files.syncDirectory('/there')
  assert.deepEqual(await files.list('/there'), [{ name: 'file', isDirectory: false, sizeBytes: 6 }])
})

describe('a restart', () => {
  const restart = async (comm: string, fails = false) => {
    await put('/proc/1/comm', comm)
    const signals: number[] = []
    await restartMachine({
      clock: fixedClock,
      log: silentLog,
      proc: `${root}/proc`,
      signalInit: (signal) => {
        if (fails) throw new Error('EPERM')
        signals.push(signal)
      },
    })
    const last = await readFile(`${root}/proc/sysrq-trigger`, 'utf8')
    return { signals, last }
  }

  it('asks the init its own way, and then the kernel does it', async () => {
    await put('/proc/sysrq-trigger', '')
    assert.deepEqual(await restart('systemd\n'), { signals: [39], last: 'b' })
    assert.deepEqual(await restart('init\n'), { signals: [2], last: 'b' })
    await symlink('/bin/busybox', `${root}/proc/1/exe`)
    assert.deepEqual(await restart('init\n'), { signals: [15], last: 'b' })
  })

  it('of an init that cannot be asked is the kernel', async () => {
    await put('/proc/sysrq-trigger', '')
    assert.deepEqual(await restart('init\n', true), { signals: [], last: 'b' })
  })
})
