import assert from 'node:assert/strict'
import { editEsp, listEsp } from '@skerry/factory/disk/edit-esp'
import type { Scenario } from '../scenario.ts'
import { partitionOf } from '../trial.ts'

const switched = /^skerry: image \w+ is the next to start/

/** Disks, partitions and bytes that are not as they should be. */
export const badPlaces: readonly Scenario[] = [
  {
    name: 'wrong-bytes-from-the-hub',
    what: "a byte of the file system changes in the hub's store: the digest is not the signed one, nothing is switched",
    images: ['brokenroot'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.image('brokenroot')
      await trial.push('brokenroot')
      await trial.spoilBlob(image)
      await trial.want('brokenroot')
      await trial.says(/^skerry: image 2\.1\.4 is not in a slot: /)
      await trial.isToldAtHub(/2\.1\.4/)
      await trial.rollout('RolledBack')
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'flipped-root',
    what: 'a bit of the file system flips in the slot: verity turns it into a panic, and the old image runs',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.cutPowerAt(switched, () =>
        trial.overwrite('slot-b', 0, (bytes) => (bytes[1100] = bytes[1100]! ^ 4), 4096),
      )
      await trial.says(/verity: .* is corrupted|dm-verity device corrupted/)
      await trial.fallsBack(image, { evidence: 'Panic', message: /verity/ })
    },
  },
  {
    name: 'esp-full',
    what: 'the ESP is full of foreign files: nothing of theirs is deleted, and they are named',
    images: ['good2'],
    async run(trial) {
      const film = Buffer.alloc(100 * 2 ** 20, 7)
      await editEsp(trial.world.trees.tools, trial.base.disk, { put: { 'films/film.mkv': film } })
      await trial.start()
      await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is not in a slot: Space: /)
      await trial.isToldAtHub(/film\.mkv/i)
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'esp-dirty-with-foreign-files',
    what: 'an ESP that a cut left dirty, with files of others: it is repaired, theirs stay, the update goes through',
    images: ['good2'],
    async run(trial) {
      const { disk } = trial.base
      const { tools } = trial.world.trees
      await editEsp(tools, disk, {
        put: {
          'EFI/other/other.efi': 'not ours',
          'EFI/Linux/.new-0123456789ab.efi': Buffer.alloc(2 ** 20),
        },
      })
      // The bit of a mounted FAT32.
      trial.overwrite('esp', 0, (bytes) => (bytes[0x41] = 1), 512)
      await trial.start()
      const image = await trial.want('good2')
      await trial.isKept(image)
      await trial.machine.cutPower()
      const files = await listEsp(tools, disk)
      assert(files.includes('EFI/other/other.efi'), files.join(' '))
      assert(!files.some((file) => file.includes('.new-')), files.join(' '))
    },
  },
  {
    name: 'data-repaired',
    what: "the data partition's superblock is torn: it is repaired from its copy, and the hub is told",
    images: [],
    async run(trial) {
      trial.overwrite('data', 1024, (bytes) => bytes.fill(0), 1024)
      await trial.start()
      assert(trial.machine.console.find(/data: Repaired/, 0) !== undefined)
      await trial.isToldAtHub(/Repaired/)
    },
  },
  {
    name: 'data-lost',
    what: 'the data partition is rubbish: the machine starts, says so and what to do, and the hub sees it gone',
    images: [],
    async run(trial) {
      trial.overwrite('data', 0, (bytes) => bytes.fill(0x5a), 64 * 2 ** 20)
      await Promise.all([trial.startMachine(), trial.startHub()])
      await trial.says(/data: Corrupt: .*repair \w+ by hand, or write the disk image again/)
      await trial.says(/^skerry: image 1\.0\.0 \(\w+\) runs from slot-a, kept/)
      await trial.eventually('the site to be offline at the hub', async () => {
        const { connectivity } = (await trial.site())?.status ?? {}
        return connectivity === 'Offline' ? true : undefined
      })
    },
  },
  {
    name: 'disk-read-errors',
    what: 'the slot gives errors when it is read back: nothing is switched, and the disk is named',
    images: ['good2'],
    async run(trial) {
      const { offset } = partitionOf(trial.base.disk, 'slot-b')
      const firstSector = offset / 512 + 2048
      const faults = [{ on: 'read' as const, firstSector, sectors: 8 }]
      await trial.start({ disks: [{ file: trial.base.disk, faults }] })
      await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is not in a slot: Disk: /)
      await trial.isToldAtHub(/Disk: /)
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'slow-disk',
    what: 'a disk of 6 MB/s: all takes longer and ends as it should',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      await trial.machine.throttleDisk(0, 6_000_000)
      await trial.isKept(await trial.want('good2'))
    },
  },
]
