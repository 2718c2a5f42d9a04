import type { Scenario } from '../scenario.ts'
import { badImages } from './bad-images.ts'

/** What `npm test` runs: an update, and then a bad image on the same machine. */
export const quickPlain: Scenario = {
  name: 'quick',
  what: 'a good image is kept, and one that panics is given up',
  images: ['good2', 'panics'],
  async run(trial) {
    await trial.start()
    const good = await trial.want('good2')
    await trial.isKept(good)
    const bad = await trial.want('panics')
    await trial.says(/Kernel panic - not syncing/)
    await trial.says(/^skerry: image 2\.0\.0 .* runs from slot-b, kept; last: 2\.0\.1 FellBack/)
    await trial.outcome(bad, { result: 'FellBack', evidence: 'Panic' })
    await trial.runs(good)
    await trial.rollout('RolledBack')
  },
}

export const quickSecure: Scenario = badImages.find(({ name }) => name === 'unsigned-kernel')!
