import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { buildDisk } from '../../src/disk/build-disk.ts'
import { entryNameOf } from '../../src/disk/disk-plan.ts'
import { editEsp, listEsp } from '../../src/disk/edit-esp.ts'
import { createKeys } from '../../src/keys/create-keys.ts'
import { enrolmentOf } from '../../src/keys/enrolment.ts'
import { openSigner } from '../../src/keys/open-keys.ts'
import { createBlankVariables } from '../../src/lab/firmware-variables.ts'
import { startMachine } from '../../src/lab/start-machine.ts'
import { kernelOf, treesForTest } from '../../src/lab/testing/lab-trees.ts'
import { signEfi } from '../../src/pe/sign-efi.ts'
import { buildUki } from '../../src/uki/build-uki.ts'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const passphrase = 'nine fair winds'
const mib = 2 ** 20
const ids = { good: 'a', unsigned: 'b', foreign: 'c', truncated: 'd', changed: 'e' } as const
const imageId = (name: keyof typeof ids) => ids[name].repeat(32)

describe('Secure Boot with keys of our own', { skip }, () => {
  let work = ''
  before(async () => void (work = await mkdtemp(join(tmpdir(), 'secure-'))))
  after(() => rm(work, { recursive: true }))

  async function uki(version: string): Promise<Buffer> {
    assert.ok(typeof trees !== 'string')
    const out = join(work, 'uki.efi')
    await writeFile(join(work, 'initrd'), Buffer.alloc(512))
    await buildUki({
      tools: trees.tools,
      kernel: kernelOf(trees.kernel),
      initrd: join(work, 'initrd'),
      commandLine: `console=ttyS0 no_timer_check mitigations=off panic=60 said=${version}`,
      osRelease: { version, prettyName: version },
      kernelVersion: 'test',
      out,
    })
    return readFile(out)
  }

  async function signed(bytes: Uint8Array, keys: string): Promise<Buffer> {
    const result = signEfi(bytes, await openSigner(join(work, keys), 'db', passphrase))
    assert.ok(result.ok)
    return result.bytes
  }

  async function makeDisk(): Promise<string> {
    assert.ok(typeof trees !== 'string')
    for (const name of ['ours', 'theirs'])
      await createKeys(
        join(work, name),
        { name, passphrase },
        { clock: systemClock, random: systemRandom },
      )
    const loader = join(trees.loader.path, 'usr/lib/systemd/boot/efi/systemd-bootx64.efi')
    await writeFile(join(work, 'loader'), await signed(await readFile(loader), 'ours'))
    await writeFile(join(work, 'good'), await signed(await uki('1.0.0'), 'ours'))
    await writeFile(join(work, 'slot'), Buffer.alloc(4096))
    const out = join(work, 'disk.raw')
    await buildDisk({
      tools: trees.tools,
      loader: join(work, 'loader'),
      images: [
        {
          slot: 'slot-a',
          file: join(work, 'slot'),
          kernel: join(work, 'good'),
          entryName: entryNameOf(imageId('good')),
        },
      ],
      enrolment: { keys: await enrolmentOf(join(work, 'ours'), { passphrase }), mode: 'force' },
      imageId: imageId('good'),
      out,
      espBytes: 128 * mib,
      slotBytes: 8 * mib,
      dataBytes: 64 * mib,
    })
    const changed = await signed(await uki('1.4.0'), 'ours')
    changed[changed.length >> 1]! ^= 1
    const bad = {
      unsigned: await uki('1.1.0'),
      foreign: await signed(await uki('1.2.0'), 'theirs'),
      truncated: (await signed(await uki('1.3.0'), 'ours')).subarray(0, 4 * mib),
      changed,
    }
    const put: Record<string, Buffer> = {}
    for (const [name, bytes] of Object.entries(bad) as [keyof typeof bad, Buffer][])
      put[`EFI/Linux/${entryNameOf(imageId(name), 1)}`] = bytes
    await editEsp(trees.tools, out, { put })
    return out
  }

  test('keys are enrolled, four bad images are refused, the good one starts', async () => {
    assert.ok(typeof trees !== 'string')
    const disk = await makeDisk()
    const variables = join(work, 'variables')
    await createBlankVariables(trees.lab, variables)
    {
      await using machine = await startMachine({
        trees,
        memoryMiB: 512,
        variables,
        secureBoot: true,
        disks: [{ file: disk }],
      })
      await machine.waitFor(/Custom Secure Boot keys successfully enrolled/)
      // In the order of the loader: the newest version first.
      for (const name of ['changed', 'truncated', 'foreign', 'unsigned'] as const) {
        const entry = `skerry-${ids[name].repeat(12)}\\+0-1\\.efi`
        await machine.waitFor(new RegExp(`Error loading .*${entry}`), { unless: /Linux version/ })
        await machine.waitFor(/Failed to start boot entry\. Rebooting/)
      }
      await machine.waitFor(/Command line: .*said=1\.0\.0/)
      await machine.waitFor(/secureboot: Secure boot enabled/)
      await machine.cutPower()
    }
    const entries = (await listEsp(trees.tools, disk)).filter((path) =>
      path.startsWith('EFI/Linux/'),
    )
    assert.deepEqual(entries, [
      'EFI/Linux/skerry-aaaaaaaaaaaa.efi',
      'EFI/Linux/skerry-bbbbbbbbbbbb+0-1.efi',
      'EFI/Linux/skerry-cccccccccccc+0-1.efi',
      'EFI/Linux/skerry-dddddddddddd+0-1.efi',
      'EFI/Linux/skerry-eeeeeeeeeeee+0-1.efi',
    ])
  })
})
