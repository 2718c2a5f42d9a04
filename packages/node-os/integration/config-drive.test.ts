import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readConfigDrives } from '../src/stages/config-drive.ts'
import { readConfigs } from '../src/stages/config-sources.ts'
import { runStages } from '../src/stages/run-stages.ts'
import type { StageHost } from '../src/stages/stage-host.ts'
import {
  type TemporaryRoot,
  createTemporaryRoot,
  needsRoot,
} from '../src/testing/temporary-root.ts'

const fat = (label: string) => {
  const bytes = Buffer.alloc(0x9000)
  bytes.write('\x55\xAA', 510, 'latin1')
  bytes.write('FAT16   ', 0x36)
  bytes.write(label.padEnd(11), 0x2b)
  return bytes
}
const iso = (label: string) => {
  const bytes = Buffer.alloc(0x9000)
  bytes.write('CD001', 0x8001)
  bytes.write(label.padEnd(32), 0x8028)
  return bytes
}

type Drives = Readonly<
  Record<string, { head: Uint8Array; files: Readonly<Record<string, string>> }>
>

/** Drives whose mount copies their files to where they would be seen. */
function rootWith(drives: Drives, phase: StageHost['phase'] = 'early'): TemporaryRoot {
  const root = createTemporaryRoot(phase, (host) => ({
    ...host,
    run: async (request) => {
      const [, applet, ...words] = request.command
      if (applet === 'mount') {
        const device = words.at(-2)!.split('/').at(-1)!
        if (drives[device]?.files['broken'] !== undefined)
          return {
            ok: false,
            message: 'ended with status 255',
            output: 'mount: Invalid argument\n',
          }
        cpSync(`${root.path}/stand-in/${device}`, `${root.path}${words.at(-1)}`, {
          recursive: true,
        })
      } else if (applet === 'umount') {
        for (const name of host.list(words[0]!))
          rmSync(`${root.path}${words[0]}/${name}`, { recursive: true })
      } else if (request.command[0] === '/bin/sh') return host.run(request)
      return { ok: true, output: '' }
    },
  }))
  for (const [name, { head, files }] of Object.entries(drives)) {
    root.put(`/sys/class/block/${name}/uevent`, '')
    root.put(`/dev/${name}`, head)
    for (const [file, text] of Object.entries(files)) root.put(`/stand-in/${name}/${file}`, text)
  }
  return root
}

describe('a config drive', { skip: needsRoot }, () => {
  it('is found by its label, copied into memory and merged last', async () => {
    using root = rootWith({
      sda: { head: fat('DATA'), files: { 'user-data': '#cloud-config\nhostname: wrong\n' } },
      sdb1: {
        head: fat('SKERRY'),
        files: {
          'a.yaml': '#cloud-config\nhostname: a\n',
          'notes.txt': 'x',
          'user-data': '#cloud-config\nhostname: b\n',
        },
      },
      sr0: {
        head: iso('config-2'),
        files: { 'openstack/latest/user_data': '#cloud-config\nhostname: c\n' },
      },
    })
    root.put('/data/oem/x.yaml', '#cloud-config\nhostname: x\n')
    assert.equal(await readConfigDrives(root.host), true)
    assert.deepEqual(
      readConfigs(root.host)
        .stages.get('initramfs')
        ?.map(({ hostname }) => hostname),
      // user-data counts as 95_user-data.yaml.
      ['x', 'b', 'a', 'c'],
    )
    assert.equal(root.mode('/run/skerry/config-drive/sdb1/95_user-data.yaml'), '0600')
    assert.deepEqual(root.host.list('/run/skerry/drive'), [])
    assert.match(root.said.join('\n'), /config drive SKERRY on \/dev\/sdb1/)
  })

  it('that cannot be mounted, is empty or brings a network-config is said, and others are read', async () => {
    using root = rootWith({
      sda: { head: fat('CIDATA'), files: { broken: '' } },
      sdb: { head: fat('cidata'), files: { 'network-config': 'version: 2' } },
      sdc: { head: iso('cidata'), files: { 'user-data': '#!/bin/sh\n' } },
    })
    await readConfigDrives(root.host)
    const said = root.said.join('\n')
    assert.match(said, /\/dev\/sda cannot be mounted as vfat: mount: Invalid argument/)
    assert.match(said, /network-config of the config drive is known and not built yet/)
    assert.match(said, /holds no user-data/)
    assert.match(readConfigs(root.host).findings[0]?.message ?? '', /is a script/)
  })

  it('that comes too late for init is read when the agent starts, and its first stage is run then', async () => {
    using root = rootWith(
      { sdb: { head: fat('SKERRY'), files: { 'user-data': '#cloud-config\nhostname: late\n' } } },
      'late',
    )
    await runStages(root.host, ['boot'])
    assert.equal(root.get('/etc/hostname'), 'late\n')
    root.put('/etc/hostname', 'changed by hand\n')
    await runStages(root.host, ['boot'])
    assert.equal(root.get('/etc/hostname'), 'changed by hand\n')
  })
})
