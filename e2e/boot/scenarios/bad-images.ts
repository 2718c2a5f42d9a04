import assert from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'
import type { ImageName } from '../test-images.ts'
import type { Trial } from '../trial.ts'

const quick = { health: { deadlineSeconds: 25 } }

/** Images that are bad in themselves. */
export const badImages: readonly Scenario[] = [
  {
    name: 'panic',
    what: "the new image's kernel panics: its last words are the evidence, and the old image runs",
    images: ['panics'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('panics')
      await trial.says(/Kernel panic - not syncing/)
      await trial.fallsBack(image, { evidence: 'Panic', message: /its kernel panicked: / })
    },
  },
  {
    name: 'panic-before-its-words-are-kept',
    what: 'the kernel panics before anything can keep its words: after two rounds the image is given up',
    images: ['panicsearly'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('panicsearly')
      await trial.says(/Kernel panic - not syncing/)
      await trial.says(
        /^skerry: image 1\.0\.0 .* runs from slot-a, kept; last: 2\.1\.5 Inconclusive/,
      )
      await trial.fallsBack(image, { evidence: 'None', message: /6 tries in two rounds/ })
    },
  },
  {
    name: 'unhealthy',
    what: 'the new image boots and a check of its own fails: it is given up with the words of the check',
    images: ['unhealthy'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('unhealthy', quick)
      await trial.says(/^skerry: image 2\.0\.2 is not healthy within 25 s: .*the drawer is stuck/)
      await trial.fallsBack(image, { evidence: 'Gate', message: /the drawer is stuck/ })
    },
  },
  {
    name: 'unsigned-kernel',
    what: 'a kernel without a signature: refused by Secure Boot, else an image like any other',
    images: ['unsigned'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('unsigned')
      if (!trial.lane.secureBoot) return await trial.isKept(image)
      await trial.says(/Access denied|Security Policy Violation|Rebooting in/i)
      await trial.fallsBack(image, { evidence: 'Loader', message: /kernel is not signed/ })
    },
  },
  {
    name: 'foreign-kernel',
    what: 'a kernel signed with a foreign key: refused by Secure Boot, else an image like any other',
    images: ['foreignkernel'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('foreignkernel')
      if (!trial.lane.secureBoot) return await trial.isKept(image)
      await trial.says(/Access denied|Security Policy Violation|Rebooting in/i)
      await trial.fallsBack(image, {
        evidence: 'Loader',
        message: /signed with a key that the firmware does not hold/,
      })
    },
  },
  {
    name: 'foreign-image',
    what: 'an image whose description somebody else signed: refused before a byte of it is fetched',
    images: ['foreignimage'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      await trial.want('foreignimage')
      await trial.says(/^skerry: image 2\.0\.5 is not in a slot: Signature: /)
      await trial.isToldAtHub(/Signature: /)
      await trial.rollout('RolledBack')
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'hang-in-initrd',
    what: 'the initrd hangs: the watchdog resets the machine until the old image runs again',
    images: ['hangs'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('hangs')
      await trial.says(/this initrd hangs/)
      await trial.fallsBack(image, { message: /hung|never reached its user space/ })
    },
  },
  {
    name: 'frozen-init',
    what: 'PID 1 stops: nobody feeds the watchdog any more, the image is not kept, the old one runs again',
    images: ['frozen'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('frozen')
      await trial.says(/^PID 1 is stopped/)
      await trial.fallsBack(image, { message: /hung|PID 1|never came to a verdict/ })
    },
  },
  {
    name: 'no-network',
    what: 'the new image has no way to the network, which the old one had: it is given up',
    images: ['noroute'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('noroute', quick)
      await trial.says(/^skerry: image 2\.0\.8 is not healthy within 25 s: /)
      await trial.fallsBack(image, { evidence: 'Gate', message: /network|hub/ })
    },
  },
  {
    name: 'sick-after-a-minute',
    what: 'the new image is kept and then falls ill: the gate BootHealth stops the rollout and brings it back',
    images: ['sickens'],
    async run(trial) {
      await trial.start()
      await trial.setRolloutPolicy({ soakSeconds: 300 })
      const image = await trial.want('sickens')
      await trial.says(/^skerry: image 2\.0\.9 is well and is kept/)
      await trial.outcome(image, { result: 'Succeeded' })
      await trial.isToldAtHub(/the drawer came loose/)
      await trial.says(/^skerry: image 1\.0\.0 \(\w+\) runs from slot-a, on trial/)
      const rollout = await trial.rollout('RolledBack')
      assert.match(JSON.stringify(rollout.status), /is not well: .*the drawer came loose/)
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'modules-of-another-kernel',
    what: 'a root whose modules are not those of its kernel, forced past the factory: without network it is given up',
    images: ['othermodules'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('othermodules', quick)
      await trial.says(/^skerry: .*the modules are those of another kernel/)
      await trial.fallsBack(image, { evidence: 'Gate', message: /network|hub/ })
    },
  },
  {
    name: 'truncated-kernel',
    what: 'a kernel of which only the beginning is there, described as such: it is refused before anything is removed',
    images: ['truncated'],
    isTidy: true,
    run: (trial) => isRefused(trial, 'truncated', /it is cut off or damaged/),
  },
  {
    name: 'flipped-kernel',
    what: 'a kernel with a bit that flipped after it was signed, described as such: refused, also without Secure Boot',
    images: ['flipped'],
    isTidy: true,
    run: (trial) => isRefused(trial, 'flipped', /it was changed after its signature was made/),
  },
  {
    name: 'slots-too-small',
    what: 'an image that fits no slot is refused before anything is deleted, with both sizes',
    images: ['big'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      await trial.want('big')
      await trial.says(/^skerry: image 2\.1\.3 is not in a slot: Size: .*needs a slot of \d+ bytes/)
      await trial.isToldAtHub(/needs a slot of \d+ bytes/)
      await trial.rollout('RolledBack')
      await trial.runs(await trial.image('good1'))
    },
  },
]

/** It never comes as far as a slot, and people read why. */
async function isRefused(trial: Trial, name: ImageName, why: RegExp): Promise<void> {
  await trial.start()
  const { version } = await trial.want(name)
  await trial.says(
    new RegExp(`^skerry: image ${version} is not in a slot: Signature: .*${why.source}`),
  )
  await trial.isToldAtHub(new RegExp(`image ${version} .*${why.source}`))
  await trial.rollout('RolledBack')
  await trial.runs(await trial.image('good1'))
}
