import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { initrdApplets, initrdScripts } from '@skerry/factory/initrd/initrd-content'
import { writeGptDisk } from '@skerry/factory/initrd/testing/gpt-disk'
import { treesForTest } from '@skerry/factory/lab/testing/lab-trees'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const variable = 'LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f'

let root = ''

/** A place in which the scripts see nothing but what a test puts there. */
before(() => {
  if (typeof trees === 'string') return
  root = mkdtempSync(join(tmpdir(), 'initrd-scripts-'))
  for (const path of ['usr/bin', 'dev', 'run/skerry', 'sysroot/data', 'sys/firmware/efi/efivars']) {
    mkdirSync(join(root, path), { recursive: true })
  }
  copyFileSync(join(trees.initrd.path, 'usr/bin/busybox'), join(root, 'usr/bin/busybox'))
  for (const applet of initrdApplets) symlinkSync('busybox', join(root, 'usr/bin', applet))
  for (const name of initrdScripts) {
    copyFileSync(join(import.meta.dirname, `../initrd/${name}.sh`), join(root, `${name}.sh`))
  }
})
after(() => rmSync(root, { recursive: true, force: true }))

/** What these commands print, with all parts of the script read. */
function run(commands: string): string {
  const enter = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user']
  const words = [...enter, 'chroot', root, '/usr/bin/sh', '-c']
  const parts = initrdScripts.map((name) => `. /${name}.sh`).join('; ')
  const env = { PATH: '/usr/bin:/usr/sbin:/bin:/sbin' }
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
  const rest = [...words.slice(1), `${parts}\n${commands}`]
  return execFileSync(words[0]!, rest, { env, stdio, encoding: 'utf8' })
}

function putDisk(name: string, partitions: number): void {
  const labels = Array.from({ length: partitions }, () => ({ label: 'esp', sizeBytes: 1 << 20 }))
  writeGptDisk(join(root, 'dev', name), labels)
  mkdirSync(join(root, 'sys/class/block', name, 'queue'), { recursive: true })
  writeFileSync(join(root, 'sys/class/block', name, 'queue/logical_block_size'), '512\n')
  writeFileSync(join(root, 'sys/class/block', name, 'device'), '')
}

function putLoaderVariable(uuid: string): void {
  const bytes = Buffer.concat([Buffer.from([6, 0, 0, 0]), Buffer.from(`${uuid}\0`, 'utf16le')])
  writeFileSync(join(root, 'sys/firmware/efi/efivars', variable), bytes)
}

test('the disk that the loader came from is found by the uuid of its partition', { skip }, () => {
  assert.equal(run('boot_disk; true'), '', 'a machine without firmware variables')
  // The test's second partition has 02 in every byte of its uuid; only the second disk has one.
  putDisk('sda', 1)
  putDisk('sdb', 2)
  putLoaderVariable('02020202-0202-0202-0202-020202020202')
  assert.equal(run('boot_disk; true'), 'sdb\n')
  for (const uuid of ['0A020202-0202-0202-0202-020202020202', '', '*', '02'.repeat(500)]) {
    putLoaderVariable(uuid)
    assert.equal(run('boot_disk; true'), '', uuid)
  }
})

test(
  'a path is kept if it is a directory of the image that nothing else decides on',
  { skip },
  () => {
    for (const path of ['opt/app/data', 'srv', 'etc/app', 'usr/bin', 'var/lib', 'a b']) {
      mkdirSync(join(root, 'sysroot', path), { recursive: true })
    }
    symlinkSync('/srv', join(root, 'sysroot/link'))
    const verdict = (path: string) =>
      run(
        `paths='/var /etc/ssh /opt/app'; can_be_kept '${path}' && echo kept || echo "$why"`,
      ).trim()
    for (const path of ['/srv', '/etc/app']) assert.equal(verdict(path), 'kept', path)
    const refused: Record<string, RegExp> = {
      srv: /absolute path/,
      '/a b': /absolute path/,
      '/srv/': /absolute path/,
      '/srv//x': /absolute path/,
      '/srv/../etc': /absolute path/,
      '/': /absolute path/,
      '/srv/*': /absolute path/,
      '/etc': /as a whole already/,
      '/usr/bin': /as a whole already/,
      '/var/lib': /as a whole already/,
      '/data': /as a whole already/,
      '/opt/app': /as a whole already/,
      '/opt/app/data': /as a whole already/,
      '/opt': /\/opt\/app in it is kept already/,
      '/none': /not a directory/,
      '/link': /symbolic link/,
    }
    for (const [path, message] of Object.entries(refused))
      assert.match(verdict(path), message, path)
  },
)

test('a number of seconds or bytes is taken only if it is one', { skip }, () => {
  const isNumber = (text: string) =>
    run(`is_number '${text}' 10 3600 && echo yes || echo no`).trim()
  for (const text of ['10', '180', '3600']) assert.equal(isNumber(text), 'yes', text)
  for (const text of ['', '9', '3601', '-20', '1e3', '0x20', '20 ', '9'.repeat(40), '$(reboot)']) {
    assert.equal(isNumber(text), 'no', text)
  }
})

test('a torn superblock is repaired from its copy, wherever that is', { skip }, () => {
  // Stands for e2fsck: says how it was called, and ends well only with the copy that a test names.
  const repair = (good: string) =>
    run(
      `data=vda5; e2fsck() { echo "$*"; case "$*" in *'${good}'*) return 1 ;; esac; return 8; }; repair_data; echo $?`,
    ).split('\n')
  assert.deepEqual(repair('-p /dev'), ['-p /dev/vda5', '1', ''])
  assert.deepEqual(repair('8193'), ['-p /dev/vda5', '-p -b 8193 /dev/vda5', '1', ''])
  assert.deepEqual(repair('32768').slice(-3), ['-p -b 32768 /dev/vda5', '1', ''])
  assert.deepEqual(repair('none').slice(-2), ['8', ''])
})

const imageId = 'a1'.repeat(16)
const otherId = 'b2'.repeat(16)
const entryOf = (id: string, counter = '') => `skerry-${id.slice(0, 12)}${counter}.efi`

/** One start after this count, with these kernels on the ESP: what is said, what is counted, and what is there then. */
function startAfter(
  count: string | undefined,
  entries: Record<string, string>,
  { more = '', after: later = 'true' } = {},
) {
  const [starts, esp] = [join(root, 'data/skerry/os/starts'), join(root, 'esp/EFI/Linux')]
  for (const path of ['data', 'esp']) rmSync(join(root, path), { recursive: true, force: true })
  for (const path of [starts, esp]) mkdirSync(path, { recursive: true })
  if (count !== undefined) writeFileSync(join(starts, imageId), count)
  for (const [name, text] of Object.entries(entries)) writeFileSync(join(esp, name), text)
  // Disks are not there: every slot holds what it is asked for, and a restart ends the start.
  const said = run(`image_id=${imageId} root_bytes=4096 data_at=/data
    say() { echo "$*"; }; partitions() { echo vda1; }; mount() { :; }; umount() { :; }
    find_slot() { [ "$image_id" != ${'c3'.repeat(16)} ]; }; restart_now() { exit 0; }
    ${more}
    count_start; ${later}; true`)
  return {
    said,
    count: existsSync(join(starts, imageId)) ? readFileSync(join(starts, imageId), 'utf8') : '',
    entries: readdirSync(esp).toSorted(),
  }
}

const kernel = (id: string) => `MZ\0\0skerry.size=4096 skerry.image=${id}\0`
const both = { [entryOf(imageId)]: kernel(imageId), [entryOf(otherId)]: kernel(otherId) }

test('a start is counted, whatever stood there before', { skip }, () => {
  for (const [before, after] of [
    [undefined, '1 0 0 \n'],
    ['4 2 1 it said so\n', '5 2 1 it said so\n'],
    ['08 $(reboot) -1 x y\n', '1 0 0 x y\n'],
    ['99999 99999 99999 *\n', '1 0 0 *\n'],
    ['\0\0\0', '1 0 0 \n'],
  ] as const) {
    const started = startAfter(before, both)
    assert.equal(started.count, after, before)
    assert.deepEqual(started.entries, Object.keys(both), before)
  }
})

test('after five starts the entry is exhausted, if another could start', { skip }, () => {
  const started = startAfter('5 5 2 \n', both)
  assert.match(started.said, /5 starts in a row\n.*restarts into skerry-b2b2b2b2b2b2\.efi/)
  assert.equal(started.count, '5 5 2 \n')
  assert.deepEqual(started.entries, [entryOf(imageId, '+0-5'), entryOf(otherId)])
  const others: Record<string, string>[] = [
    {},
    { [entryOf(otherId)]: '' },
    { [entryOf(otherId)]: 'MZ without words' },
    { [entryOf(otherId, '+0-3')]: kernel(otherId) },
    { [entryOf(otherId)]: kernel('c3'.repeat(16)) },
    { 'foreign.efi': kernel(otherId) },
    { '.new-b2b2b2b2b2b2': kernel(otherId) },
  ]
  for (const other of others) {
    const alone = startAfter('6 0 0 \n', { [entryOf(imageId)]: kernel(imageId), ...other })
    assert.match(alone.said, /6 starts in a row\nit is tried again: the ESP has no other image/)
    assert.equal(alone.count, '7 0 0 \n')
    assert.ok(alone.entries.includes(entryOf(imageId)))
  }
})

test('a kernel that is not its copy in data is not fallen back to', { skip }, () => {
  const copy = (text: string) =>
    `mkdir /data/skerry/os/images; printf '${text}' >/data/skerry/os/images/${otherId}.efi`
  const whole = kernel(otherId).replaceAll('\0', '\\0')
  assert.match(startAfter('5 0 0 \n', both, { more: copy(whole) }).said, /restarts into/)
  assert.match(startAfter('5 0 0 \n', both, { more: copy(`${whole}more`) }).said, /no other image/)
})

test(
  'an end in words is counted with them, and at the fifth the next follows at once',
  { skip },
  () => {
    const ended = startAfter('4 0 0 \n', both, { after: "note_end 'no slot holds it'" })
    assert.equal(ended.count, '5 0 0 no slot holds it\n')
    assert.deepEqual(ended.entries, [entryOf(imageId, '+0-5'), entryOf(otherId)])
    const earlier = startAfter('3 0 0 \n', both, { after: "note_end 'no slot holds it'" })
    assert.equal(earlier.count, '4 0 0 no slot holds it\n')
    assert.deepEqual(earlier.entries, Object.keys(both))
  },
)

test('an image on trial is left to the loader, which counts it', { skip }, () => {
  const counted = join(
    root,
    'sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f',
  )
  writeFileSync(counted, '')
  const started = startAfter('5 0 0 \n', both)
  rmSync(counted)
  assert.match(started.said, /it is on trial: the loader counts its tries/)
  assert.deepEqual(started.entries, Object.keys(both))
})

test(
  'that the init of a root with our agent was reached is counted, and one without is not',
  { skip },
  () => {
    const node = join(root, 'sysroot/usr/lib/skerry/node')
    const handed = { after: 'note_handover' }
    assert.equal(startAfter('2 0 1 words\n', both, handed).count, '')
    mkdirSync(join(root, 'sysroot/usr/lib/skerry'), { recursive: true })
    writeFileSync(node, '')
    const started = startAfter('2 0 1 words\n', both, handed)
    rmSync(node)
    assert.equal(started.count, '3 1 1 \n')
  },
)
