import assert from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

const switched = /^skerry: image \w+ is the next to start/
const complete = /^skerry: image 2\.0\.0 is complete/

/** The supply, the cable, the hub and the clock. */
export const powerAndNetwork: readonly Scenario[] = [
  {
    name: 'power-flickers-three-times',
    what: 'the power goes in each of three tries: nothing speaks against the image, it gets one more round and is kept',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(switched)
      for (let time = 0; time < 3; time += 1) await trial.cutPowerAt(/^skerry: .* initrd started/)
      await trial.says(
        /^skerry: image 1\.0\.0 .* runs from slot-a, kept; last: 2\.0\.0 Inconclusive/,
      )
      await trial.outcome(image, { result: 'Inconclusive', message: /gets 3 more/ })
      await trial.isKept(image)
    },
  },
  {
    name: 'power-cuts-while-installing',
    what: 'the power goes while fetching, when all is there, and after the switch: each time it goes on, and ends well',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is brought into a slot/)
      await trial.eventually('a third to be fetched', async () => {
        const { progressPercent = 0 } = (await trial.device())?.status?.os ?? {}
        return progressPercent >= 30 ? true : undefined
      })
      await trial.machine.cutPower()
      await trial.machine.restart()
      await trial.outcome(image, { result: 'Interrupted', message: /writing its file system/ })
      await trial.cutPowerAt(complete)
      await trial.cutPowerAt(switched)
      await trial.isKept(image)
    },
  },
  {
    name: 'power-cuts-while-on-trial',
    what: 'the power goes in the initrd, in the gate and at the blessing: the image is kept all the same',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(switched)
      await trial.cutPowerAt(/^skerry: .* data: Healthy/)
      await trial.cutPowerAt(/^skerry: on trial: it is well/)
      await trial.machine.cutPowerAt(/^skerry: image 2\.0\.0 is well and is kept/)
      await trial.machine.restart()
      await trial.says(/^skerry: image 2\.0\.0 \(\w+\) runs from slot-b, kept/)
      await trial.outcome(image, { result: 'Succeeded' })
      await trial.runs(image)
      await trial.rollout('Succeeded')
    },
  },
  {
    name: 'hub-silent-before-and-after',
    what: 'the hub does not answer before the restart nor after it: the image is not to blame, and is kept',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      using _ = trial.machine.console.watch(({ text }) => {
        if (complete.test(text)) trial.hub.freeze()
      })
      await trial.says(/^skerry: image \w+ is the next to start \(the hub does not answer\)/)
      await trial.says(/^skerry: image 2\.0\.0 is well and is kept/)
      trial.hub.resume()
      await trial.outcome(image, { result: 'Succeeded' })
      await trial.runs(image)
    },
  },
  {
    name: 'hub-silent-after',
    what: 'the hub answered before the restart and not after it: the image is given up, and the hub hears of it later',
    images: ['good2'],
    isTidy: true,
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2', { health: { deadlineSeconds: 40 } })
      await trial.says(/^skerry: image \w+ is the next to start \(the hub answers\)/)
      await trial.says(/^skerry: the machine restarts/)
      trial.hub.freeze()
      await trial.says(/^skerry: image 2\.0\.0 is not healthy within 40 s: the hub, which answered/)
      await trial.says(/^skerry: image 1\.0\.0 .* runs from slot-a, kept; last: 2\.0\.0 FellBack/)
      trial.hub.resume()
      await trial.outcome(image, {
        result: 'FellBack',
        evidence: 'Gate',
        message: /does not answer/,
      })
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'clock-of-1970',
    what: 'a machine whose clock battery is empty joins its hub and is updated',
    images: ['good2'],
    async run(trial) {
      await trial.start({ clockStart: '1970-01-01T00:00:00' })
      const image = await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is well and is kept/)
      await trial.outcome(image, { result: 'Succeeded' })
      await trial.runs(image)
    },
  },
  {
    name: 'cable-pulled-while-fetching',
    what: 'the cable is pulled while an image is fetched, and put back: the fetch goes on and the image is kept',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is brought into a slot/)
      await trial.sleep(4000)
      await trial.machine.setCable(false)
      await trial.sleep(20_000)
      assert.equal(trial.machine.console.find(complete, 0), undefined, 'it was fetched too soon')
      await trial.machine.setCable(true)
      await trial.isKept(image)
    },
  },
]
