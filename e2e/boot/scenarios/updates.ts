import assert from 'node:assert/strict'
import type { Scenario } from '../scenario.ts'

/** What goes well. */
export const updates: readonly Scenario[] = [
  {
    name: 'good-update',
    what: 'a good image is installed, tried, found healthy and kept, and the rollout succeeds',
    async run(trial) {
      await trial.start()
      const image = await trial.want('good2')
      await trial.says(/^skerry: image .* is brought into a slot/)
      await trial.says(/^skerry: image .* is complete/)
      await trial.says(/^skerry: the machine restarts into another image/)
      await trial.says(new RegExp(`image ${image.imageId}$`))
      await trial.says(/^skerry: image 2\.0\.0 \(\w+\) runs from slot-b, on trial/)
      await trial.says(/^skerry: image 2\.0\.0 is well and is kept/)
      const { message } = await trial.outcome(image, { result: 'Succeeded', evidence: 'None' })
      assert.match(message, /2\.0\.0 started, was found healthy and is kept/)
      await trial.runs(image)
      await trial.rollout('Succeeded')
    },
  },
]
