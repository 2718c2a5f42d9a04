import assert from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** What ends well, however it comes. */
export const goodImages: readonly Scenario[] = [
  {
    name: 'good-update',
    what: 'a good image is installed, tried, found healthy and kept, and the rollout succeeds',
    images: ['good2'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(/^skerry: image .* is brought into a slot/)
      await trial.says(/^skerry: image .* is complete/)
      await trial.says(/^skerry: the machine restarts into another image/)
      await trial.says(new RegExp(`image ${image.imageId}$`))
      await trial.says(/^skerry: image 2\.0\.0 \(\w+\) runs from slot-b, on trial/)
      await trial.isKept(image)
      const device = await trial.device()
      assert.match(device?.status?.os?.outcomes[0]?.message ?? '', /found healthy and is kept/)
      // A firmware that knows no Secure Boot says nothing of it.
      assert.equal(device?.status?.os?.secureBoot ?? false, trial.lane.secureBoot)
    },
  },
  {
    name: 'older-on-purpose',
    what: 'an older image is wanted: the machine goes back on purpose, and that is no failure',
    images: ['old'],
    async run(trial) {
      await trial.start()
      const image = await trial.want('old')
      await trial.says(/^skerry: image 0\.9\.0 \(\w+\) runs from slot-b, on trial/)
      await trial.isKept(image, 'WentBack')
    },
  },
  {
    name: 'two-updates-at-once',
    what: 'a second image is wanted while the first is being fetched: the first is let go, the second runs',
    images: ['good2', 'good3'],
    async run(trial) {
      await trial.start()
      await trial.push('good3')
      await trial.want('good2')
      await trial.says(/^skerry: image 2\.0\.0 is brought into a slot/)
      const image = await trial.want('good3')
      await trial.says(/^skerry: image 2\.0\.0 is no longer wanted/)
      await trial.says(/^skerry: image 3\.0\.0 \(\w+\) runs from slot-\w, on trial/)
      await trial.isKept(image)
    },
  },
  {
    name: 'update-while-on-trial',
    what: 'another image is wanted while the last is not blessed: it waits for the verdict, then comes',
    images: ['good2', 'good3'],
    async run(trial) {
      await trial.start()
      await trial.push('good3')
      await trial.want('good2')
      await trial.says(/^skerry: on trial: it is well/)
      const image = await trial.want('good3')
      await trial.says(/^skerry: image 2\.0\.0 is well and is kept/)
      await trial.says(/^skerry: image 3\.0\.0 is brought into a slot/)
      await trial.says(/^skerry: image 3\.0\.0 \(\w+\) runs from slot-c, on trial/)
      await trial.isKept(image)
    },
  },
]
