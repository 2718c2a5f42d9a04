import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assembleRoot } from './assemble-root.ts'
import { busyboxRoot } from './busybox-root.ts'
import { detectInit } from './detect-init.ts'
import { putLink, putText, readText } from './edit-text.ts'
import { chooseModules } from './kernel-modules.ts'
import { RootError } from './root-error.ts'
import { RootTree } from './root-tree.ts'

/** A root with some files, links written as `-> target`. */
function rootOf(files: Readonly<Record<string, string>>): RootTree {
  const tree = new RootTree()
  for (const [path, text] of Object.entries(files))
    if (text.startsWith('-> ')) putLink(tree, path, text.slice(3))
    else putText(tree, path, text, 0o755)
  return tree
}

const systemd = {
  'usr/lib/systemd/systemd': 'ELF',
  lib: '-> usr/lib',
  'usr/sbin/init': '-> ../lib/systemd/systemd',
  sbin: '-> usr/sbin',
  'usr/lib/systemd/systemd-networkd': 'ELF',
  'usr/lib/systemd/system/systemd-networkd.service': '[Unit]',
  'usr/lib/os-release': 'ID=debian\nPRETTY_NAME="Debian 13"\n',
}
const sysvinit = {
  'sbin/init': 'ELF',
  'etc/inittab':
    'id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\nsi::sysinit:/etc/init.d/rcS\n',
  'etc/rcS.d/S08checkroot.sh': '-> ../init.d/checkroot.sh',
  'etc/rcS.d/S10udev': '-> ../init.d/udev',
  'etc/init.d/checkroot.sh':
    '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: checkroot\n### END INIT INFO\nmount -o remount,rw /\n',
}

describe('the root of an image', () => {
  let dir = ''
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'assemble-'))
    await mkdir(join(dir, 'modules/lib/modules/6.12.0'), { recursive: true })
    await writeFile(join(dir, 'modules/lib/modules/6.12.0/modules.dep'), '')
    await writeFile(join(dir, 'node'), 'ELF')
  })
  after(() => rm(dir, { recursive: true }))

  const assemble = (tree: RootTree, hasConsoleLogin = true, motd = 'etc/motd') =>
    assembleRoot(tree, {
      program: [
        { path: '/usr/lib/skerry/node', mode: 0o755, source: { file: join(dir, 'node') } },
        { path: '/usr/lib/skerry/lib/ld', mode: 0o777, source: { link: '../ld.so' } },
      ],
      modules: join(dir, 'modules'),
      kernelVersion: '6.12.0',
      files: [{ path: motd, mode: 0o600, uid: 7, gid: 8, data: { bytes: Buffer.from('hello') } }],
      persistentPaths: ['/srv/data'],
      trustedImageKeys: '[]\n',
      hasConsoleLogin,
    })

  test('systemd starts the agent, leaves the watchdog to it, and masks what cannot work', async () => {
    const tree = rootOf(systemd)
    const assembled = await assemble(tree, false)
    assert.deepEqual(assembled, {
      init: { name: 'systemd', inittab: undefined },
      distribution: 'Debian 13',
    })
    assert.match(
      (await readText(tree, 'usr/lib/systemd/system/skerry-agent.service'))!,
      /ExecStart=\/usr\/lib\/skerry\/node/,
    )
    assert.equal(
      tree.get('usr/lib/systemd/system/multi-user.target.wants/skerry-agent.service')?.type,
      'symlink',
    )
    assert.match(
      (await readText(tree, 'usr/lib/systemd/system.conf.d/50-skerry.conf'))!,
      /RuntimeWatchdogSec=off/,
    )
    for (const unit of [
      'systemd-remount-fs.service',
      'systemd-firstboot.service',
      'serial-getty@.service',
    ])
      assert.equal(
        (tree.get(`etc/systemd/system/${unit}`) as { target?: string }).target,
        '/dev/null',
        unit,
      )
    assert.equal(
      tree.get('usr/lib/systemd/system/multi-user.target.wants/systemd-networkd.service')?.type,
      'symlink',
    )
    assert.equal(tree.get('usr/lib/modules/6.12.0/modules.dep')?.type, 'file', 'lib is a link')
    assert.deepEqual([tree.get('etc/motd')?.uid, tree.get('etc/motd')?.mode], [7, 0o600])
    assert.equal(await readText(tree, 'usr/lib/skerry/persistent-paths'), '/srv/data\n')
    assert.equal(tree.get('srv/data')?.type, 'directory')
  })

  test('name servers are passed on when the network says so, and not for ever', async () => {
    const tree = rootOf(systemd)
    await assemble(tree)
    const path = (await readText(tree, 'usr/lib/systemd/system/skerry-resolver.path'))!
    assert.match(path, /^PathChanged=/m)
    // It would start the service again whenever that has ended: a third of the processor, as long as it runs.
    assert.doesNotMatch(path, /^Path(Exists|ExistsGlob)=|DirectoryNotEmpty=/m)
  })

  test('inittab starts the agent once, however often; logins and needless scripts go', async () => {
    const tree = rootOf(sysvinit)
    await assemble(tree, false)
    await assemble(tree, false)
    const inittab = (await readText(tree, 'etc/inittab'))!
    assert.equal(inittab.match(/^sk:12345:respawn:.*agent\.mjs --node/gm)?.length, 1)
    assert.match(inittab, /^#1:2345:respawn:\/sbin\/getty/m)
    assert.match(inittab, /^si::sysinit/m)
    assert.deepEqual(tree.names('etc/rcS.d'), ['S10udev'])
    const emptied = (await readText(tree, 'etc/init.d/checkroot.sh'))!
    assert.match(emptied, /# Provides: checkroot/)
    assert.doesNotMatch(emptied, /remount/)
    assert.match((await readText((await withLogin())!, 'etc/inittab'))!, /^1:2345:respawn/m)
  })
  test('inittab has no shell without a password, and a login where the kernel speaks', async () => {
    const shells = '~~:S:wait:/sbin/sulogin --force\nz6:6:respawn:/sbin/sulogin --force\n'
    const tree = rootOf({
      ...sysvinit,
      'sbin/getty': 'ELF',
      'etc/inittab': sysvinit['etc/inittab'] + shells,
    })
    await assemble(tree)
    await assemble(tree)
    const inittab = (await readText(tree, 'etc/inittab'))!
    assert.doesNotMatch(inittab, /^[^#].*sulogin/m)
    assert.equal(inittab.match(/^skcl:2345:respawn:.*getty -L 115200 ttyS0/gm)?.length, 1)
    assert.equal(tree.get('etc/inittab.d')?.type, 'directory')
  })
  const withLogin = async () => {
    const tree = rootOf(sysvinit)
    await assemble(tree)
    return tree
  }

  test('each init is known by what would be started', () => {
    const nameOf = (files: Readonly<Record<string, string>>) => detectInit(rootOf(files)).name
    assert.equal(nameOf(systemd), 'systemd')
    assert.equal(nameOf(sysvinit), 'sysvinit')
    assert.equal(nameOf({ ...sysvinit, 'sbin/openrc': 'ELF' }), 'openrc')
    assert.equal(nameOf({ 'bin/busybox': 'ELF', 'sbin/init': '-> ../bin/busybox' }), 'busybox')
    assert.equal(
      nameOf({ 'bin/busybox': 'ELF', 'sbin/init': '-> /bin/busybox', 'sbin/openrc': 'ELF' }),
      'openrc',
    )
    assert.equal(detectInit(busyboxRoot('/none', 1, ['init', 'sh'])).name, 'busybox')
    assert.throws(() => nameOf({ 'bin/sh': 'ELF' }), /image for containers/)
    assert.throws(
      () => nameOf({ 'sbin/init': '-> openrc-init', 'sbin/openrc-init': 'ELF' }),
      RootError,
    )
  })

  test('a file does not take the place of a directory, nor of a link to one', async () => {
    for (const path of ['etc', 'lib'])
      await assert.rejects(
        assemble(rootOf(systemd), true, path),
        new RegExp(`/${path} is a directory of the root`),
      )
  })

  test('modules of another kernel are refused in a sentence', async () => {
    const tree = rootOf({ ...systemd, 'usr/lib/modules/5.10.0/modules.dep': '' })
    await assert.rejects(
      assemble(tree),
      /modules of 5\.10\.0, and the image starts the kernel 6\.12\.0/,
    )
  })

  test('what is true of one machine, caches and logs are gone, and mount points are there', async () => {
    const tree = rootOf({
      ...systemd,
      'etc/machine-id': '0123',
      'etc/fstab': '/dev/sda1 / ext4',
      'etc/ssh/ssh_host_rsa_key': 'secret',
      'etc/ssh/sshd_config': 'kept',
      'var/log/nginx/access.log': 'x',
      'var/cache/apt/archives/x.deb': 'x',
      'usr/lib/python3/__pycache__/x.cpython.pyc': 'x',
      'boot/vmlinuz-1': 'x',
      'run/lock': 'x',
      tmp: '-> /var/tmp',
    })
    await assemble(tree)
    for (const path of ['etc/machine-id', 'etc/fstab'])
      assert.equal(await readText(tree, path), '', path)
    for (const path of [
      'etc/ssh/ssh_host_rsa_key',
      'usr/lib/python3/__pycache__',
      'boot/vmlinuz-1',
      'run/lock',
      'var/cache/apt/archives',
    ])
      assert.equal(tree.get(path), undefined, path)
    assert.equal(tree.get('var/log/nginx')?.type, 'directory')
    assert.deepEqual(tree.names('var/log/nginx'), [])
    assert.equal(await readText(tree, 'etc/ssh/sshd_config'), 'kept')
    for (const path of ['data', 'dev', 'efi', 'proc', 'run', 'sys', 'tmp', 'var'])
      assert.equal(tree.get(path)?.type, 'directory', path)
    assert.equal(tree.get('tmp')?.mode, 0o1777)
  })

  test('modules come with what they need, and unknown ones are named', () => {
    const all = [
      'kernel/net/failover.ko.xz',
      'kernel/net/net-failover.ko.xz',
      'kernel/drivers/virtio_net.ko.xz',
      'kernel/crc32c.ko.xz',
    ]
    const chosen = chooseModules(all, ['virtio-net', 'nonsense'], {
      dependencies: `${all[2]}: ${all[1]} ${all[0]}\n${all[1]}: ${all[0]}\n`,
      soft: 'softdep virtio_net pre: crc32c post: other\n',
    })
    assert.deepEqual(chosen.paths, all.toSorted())
    assert.deepEqual(chosen.missing, ['nonsense'])
  })
})
