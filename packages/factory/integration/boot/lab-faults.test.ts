import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { buildLabGuest, guestModules } from '@skerry/factory/lab/testing/lab-guest'
import { kernelOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false

const script = (port: number) => `
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; sleep 1
echo "@@http $(wget -q -O - http://10.0.2.2:${port}/hello)"
echo "@@file $(cat /sys/firmware/qemu_fw_cfg/by_name/opt/skerry/test/raw)"
date +@@year%Y
dd if=/dev/vda of=/dev/null bs=4096 count=1 && echo "@@read a good sector"
dd if=/dev/vda of=/dev/null bs=4096 skip=256 count=1 iflag=direct || echo "@@read of a bad sector fails"
dd if=/dev/zero of=/dev/vda bs=4096 seek=512 count=1 conv=notrunc,fsync || echo "@@write of a bad sector fails"
echo "@@pull"; i=0
while [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && [ $i -lt 200 ]; do i=$((i+1)); sleep 0.1; done
echo "@@carrier $(cat /sys/class/net/eth0/carrier)"
echo "@@slow"; read -t 60 typed; echo "@@typed $typed"
start=$(cut -d. -f1 /proc/uptime)
dd if=/dev/vda of=/dev/null bs=64k count=12 skip=64 iflag=direct
echo "@@took $(($(cut -d. -f1 /proc/uptime) - start)) s"
`

test(
  'a guest meets bad sectors, a slow disk, a pulled cable and the year 1970',
  { skip },
  async (t) => {
    assert.ok(typeof trees !== 'string')
    const directory = await mkdtemp(join(tmpdir(), 'lab-faults-'))
    t.after(() => rm(directory, { recursive: true, force: true }))
    const server = createServer((_, response) => response.end('world'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const [initrd, disk, file] = ['initrd', 'disk', 'file'].map((name) =>
      join(directory, name),
    ) as [string, string, string]
    const modules = [...guestModules, 'qemu_fw_cfg']
    await writeFile(initrd, await buildLabGuest({ trees, modules, script: script(port) }))
    await writeFile(disk, Buffer.alloc(8 << 20, 5))
    await writeFile(file, 'from outside')

    await using machine = await startMachine({
      trees,
      memoryMiB: 256,
      network: {},
      clockStart: '1970-01-01T00:00:00',
      endsOnReboot: true,
      firmwareFiles: [{ name: 'opt/skerry/test', file }],
      disks: [
        {
          file: disk,
          isTemporary: true,
          faults: [
            { on: 'read', firstSector: 2048, sectors: 8 },
            { on: 'write', firstSector: 4096 },
          ],
        },
      ],
      directBoot: {
        kernel: kernelOf(trees.kernel),
        initrd,
        commandLine: 'console=ttyS0 quiet no_timer_check panic=1 mitigations=off',
      },
    })
    const unless = /@@END|Kernel panic|@@no module/
    for (const line of [
      /@@http world/,
      /@@file from outside/,
      /@@year1970/,
      /@@read a good sector/,
      /@@read of a bad sector fails/,
      /@@write of a bad sector fails/,
      /@@pull/,
    ])
      await machine.waitFor(line, { unless })
    await machine.setCable(false)
    await machine.waitFor(/@@carrier 0/, { unless })
    await machine.waitFor(/@@slow/, { unless })
    await machine.throttleDisk(0, 256 * 1024)
    machine.type('words\n')
    await machine.waitFor(/@@typed words/, { unless })
    const took = await machine.waitFor(/@@took (\d+) s/, { unless })
    assert.ok(Number(/\d+/.exec(took.text)![0]) >= 2, took.text)
    await machine.waitFor(/@@END/)
    await machine.waitForEnd()
    assert.ok(machine.processorSeconds > 1, 'who has ended has used what it used')
    // The file below the overlay is as it was.
    assert.ok((await readFile(disk)).every((byte) => byte === 5))
  },
)
