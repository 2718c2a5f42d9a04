import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type PowerCutReport, checkPowerCuts } from './check-power-cuts.ts'
import { DiskInspector } from './disk-inspector.ts'
import { bytesView } from './disk-view.ts'
import { type CutRule, bootsKnownImage, everyEntryBoots } from './inspected-disk.ts'
import { type KnownImage, readKnownImage } from './known-image.ts'
import { writePartitionTable } from './testing/test-disk.ts'
import { TestFat } from './testing/test-fat.ts'
import { testKernel, testSlot } from './testing/test-kernel.ts'
import { type TestWrite, encodeWriteLog } from './testing/write-log-file.ts'
import { readWriteLog } from './write-log.ts'

const mib = 1 << 20
const rootBytes = 64 * 4096
const [oldId, newId] = ['a'.repeat(32), 'b'.repeat(32)]
const [oldKernel, newKernel] = [oldId, newId].map((imageId, index) =>
  testKernel({ imageId, version: `${index + 1}.0`, rootBytes, linuxBytes: 60_000 }),
) as [Buffer, Buffer]
const [oldSlot, newSlot] = [oldId, newId].map((id) => testSlot(id, rootBytes)) as [Buffer, Buffer]
const oldEntry = 'EFI/Linux/skerry-aaaaaaaaaaaa.efi'
const newEntry = 'EFI/Linux/skerry-bbbbbbbbbbbb+3.efi'
const temporary = 'EFI/Linux/.new-bbbbbbbbbbbb'

/** A machine with one image, and the means to log what is done to its disk. */
function createTestMachine() {
  const disk = Buffer.alloc(13 * mib)
  writePartitionTable(disk, [
    { label: 'esp', firstSector: 2048, sectors: 16_384 },
    ...['slot-a', 'slot-b', 'slot-c'].map((label, index) => ({
      label,
      firstSector: (9 + index) * 2048,
      sectors: 2048,
    })),
  ])
  const esp = new TestFat(disk.subarray(mib, 9 * mib), 2048)
  for (const path of ['EFI', 'EFI/BOOT', 'EFI/Linux']) esp.mkdir(path)
  for (const [path, content] of [
    ['EFI/BOOT/BOOTX64.EFI', Buffer.alloc(5000, 3)],
    [oldEntry, oldKernel],
  ] as const) {
    esp.create(path)
    esp.fill(path, content)
    esp.writeEntry(path)
  }
  oldSlot.copy(disk, 9 * mib)
  esp.writes.length = 0
  const base = Buffer.from(disk)
  const writeSlot = () => {
    for (let at = 0; at < newSlot.length; at += 64 * 1024) {
      const data = newSlot.subarray(at, at + 64 * 1024)
      esp.writes.push({ sector: 10 * 2048 + at / 512, data })
    }
  }
  return { base, esp, writeSlot, writes: esp.writes }
}

/** The six steps. */
function careful({ esp, writeSlot }: ReturnType<typeof createTestMachine>): void {
  writeSlot()
  esp.flush()
  esp.create(temporary)
  esp.fill(temporary, newKernel)
  esp.writeEntry(temporary)
  esp.flush()
  esp.rename(temporary, newEntry)
  esp.flush()
}

async function check(
  update: (machine: ReturnType<typeof createTestMachine>) => void,
  rule?: CutRule,
): Promise<PowerCutReport> {
  const machine = createTestMachine()
  update(machine)
  return await withImages(machine.writes, async (images, file) => {
    using log = readWriteLog(file)
    return await checkPowerCuts({
      base: bytesView(machine.base),
      log,
      images,
      seeds: 20,
      ...(rule && { rule }),
    })
  })
}

async function withImages<T>(
  writes: readonly TestWrite[],
  act: (images: readonly KnownImage[], logFile: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'cuts-test-'))
  const put = (name: string, bytes: Buffer) => {
    writeFileSync(join(directory, name), bytes)
    return join(directory, name)
  }
  try {
    const images = [
      await readKnownImage(put('old.efi', oldKernel), put('old.slot', oldSlot)),
      await readKnownImage(put('new.efi', newKernel), put('new.slot', newSlot)),
    ]
    return await act(images, put('log', encodeWriteLog(writes)))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('the six steps leave a machine that boots, wherever the power goes', async () => {
  const report = await check(careful, everyEntryBoots)
  assert.deepEqual(report.violations, [])
  assert.equal(report.states, report.entries + 1)
  assert.ok(report.lostWriteStates > 20 * 10)
  assert.match(report.timeline[0]!.text, /entries \[skerry-aaaaaaaaaaaa\.efi on slot-a\]/)
  assert.match(
    report.timeline.at(-1)!.text,
    /entries \[skerry-bbbbbbbbbbbb\+3\.efi on slot-b, skerry-a/,
  )
})

test('a copy under the final name is found, and so is each step that is left out', async () => {
  const careless: Record<string, (machine: ReturnType<typeof createTestMachine>) => void> = {
    'a copy under the final name': ({ esp, writeSlot }) => {
      esp.create(newEntry)
      esp.fill(newEntry, newKernel)
      esp.writeEntry(newEntry)
      writeSlot()
      esp.flush()
    },
    'no flush of the slot before the switch': ({ esp, writeSlot }) => {
      esp.create(temporary)
      esp.fill(temporary, newKernel)
      esp.writeEntry(temporary)
      esp.flush()
      writeSlot()
      esp.rename(temporary, newEntry)
      esp.flush()
    },
    'no flush of the kernel before the switch': ({ esp, writeSlot }) => {
      writeSlot()
      esp.flush()
      esp.create(temporary)
      esp.fill(temporary, newKernel)
      esp.writeEntry(temporary)
      esp.rename(temporary, newEntry)
      esp.flush()
    },
    'the slot of the running image': (machine) => {
      machine.writes.push({ sector: 9 * 2048 + 100, data: Buffer.alloc(512, 1) })
      careful(machine)
    },
    'the loader itself': (machine) => {
      const sector = machine.base.indexOf(Buffer.alloc(5000, 3)) / 512
      machine.writes.push({ sector, data: Buffer.alloc(512) }, { flush: true })
      careful(machine)
    },
  }
  for (const [name, update] of Object.entries(careless)) {
    const report = await check(update)
    assert.ok(report.violationCount > 0, name)
  }
})

test('an entry without content is skipped by the loader, and only the strict rule minds it', async () => {
  const emptyFirst = (machine: ReturnType<typeof createTestMachine>) => {
    const { esp } = machine
    machine.writeSlot()
    esp.create(temporary)
    esp.fill(temporary, newKernel)
    esp.writeEntry(temporary)
    esp.flush()
    esp.rename(temporary, newEntry, true)
    esp.flush()
    esp.writeEntry(newEntry)
    esp.flush()
  }
  const report = await check(emptyFirst, bootsKnownImage)
  assert.equal(report.violationCount, 0)
  assert.ok(
    report.timeline.some(({ text }) => /entries \[skerry-a[^,]*\];.*lost clusters/.test(text)),
  )
})

test('a table that is gone, an ESP that is gone and random bytes are answers, not throws', async () => {
  const { base } = createTestMachine()
  await withImages([], async (images) => {
    using inspector = new DiskInspector(images, bytesView(base))
    assert.deepEqual(bootsKnownImage(inspector.inspect(bytesView(base))), [])
    const damaged = (change: (disk: Buffer) => void) => {
      const disk = Buffer.from(base)
      change(disk)
      return inspector.inspect(bytesView(disk))
    }
    assert.ok(damaged((disk) => disk.fill(0, 512, 1024)).isTableFromBackup)
    assert.match(damaged((disk) => disk.fill(0)).problem!, /no partition table/)
    assert.match(damaged((disk) => disk.fill(0, mib, mib + 512)).problem!, /the ESP cannot be read/)
    const lost = damaged((disk) => disk.fill(0, 9 * mib + rootBytes, 9 * mib + rootBytes + 512))
    assert.match(bootsKnownImage(lost).join(), /is started and no slot holds its image/)
    const scratch = Buffer.from(base)
    for (let seed = 1; seed < 200; seed++) {
      for (let at = mib; at < mib + 90_000; at += 1 + ((seed * at) % 977))
        scratch[at] = (seed * at) % 251
      assert.ok(Array.isArray(inspector.inspect(bytesView(scratch)).entries))
      base.copy(scratch, mib, mib, mib + 90_000)
    }
  })
})
