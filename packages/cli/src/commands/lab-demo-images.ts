import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { type BuildRecord, buildImage } from '@skerry/factory/build-image'
import type { BuildProgress } from '@skerry/factory/build/build-progress'
import { createKeys } from '@skerry/factory/keys/create-keys'
import { formatBytes } from '../progress.ts'
import { demoLimits } from './lab-demo-limits.ts'
import type { DemoStory } from './lab-demo-story.ts'
import { type DemoPlace, type DemoVersion, demoSchematic } from './lab-demo-place.ts'

/** Keys of the demo's own, with a passphrase of chance. A real one is kept where no machine can reach. */
export async function ensureDemoKeys(place: DemoPlace): Promise<'made' | 'kept'> {
  if (existsSync(place.keys) && existsSync(place.passphrase)) return 'kept'
  await rm(place.keys, { recursive: true, force: true })
  const passphrase = systemRandom.uuid()
  await writeFile(place.passphrase, `${passphrase}\n`, { mode: 0o600 })
  await createKeys(
    place.keys,
    { name: 'Skerry demo', passphrase },
    { clock: systemClock, random: systemRandom },
  )
  return 'made'
}

export type DemoBuild = {
  readonly place: DemoPlace
  readonly version: DemoVersion
  readonly story: DemoStory
  readonly stop: AbortSignal
}

/** What `skerry image build` does; the first image also as a disk, the others come over the network. */
export async function buildDemoImage(build: DemoBuild): Promise<BuildRecord> {
  const { place, version, story, stop } = build
  const file = demoSchematic(version)
  story.note(`skerry image build -f ${relative(process.cwd(), file)}`)
  const record = await buildImage({
    file,
    out: place.imageOf(version),
    disks: version === '1.0.0' ? ['raw'] : [],
    keys: place.keys,
    passphrase: async () => (await readFile(place.passphrase, 'utf8')).trim(),
    clock: systemClock,
    onProgress: (progress) => tell(story, progress),
    signal: stop,
  })
  const { description, manifestDigest } = record
  story.note(
    `image ${description.imageId.slice(0, 12)}: root ${formatBytes(description.root.sizeBytes)}, ` +
      `signed kernel ${formatBytes(description.kernel.sizeBytes)}, artifact ${manifestDigest.slice(7, 19)}`,
  )
  return record
}

function tell(story: DemoStory, progress: BuildProgress): void {
  const { step } = progress
  if (progress.state === 'Begun') story.draw(`${step} …`)
  if (progress.state === 'Cached') story.note(`${step}: from the cache`)
  if (progress.state === 'Done' && progress.elapsedMs >= demoLimits.stepShownMs)
    story.note(`${step}: ${(progress.elapsedMs / 1000).toFixed(1)} s`)
  if (progress.state !== 'Under way') return
  const { what, done, total, unit } = progress.progress
  const amount = (count: number) => (unit === 'bytes' ? formatBytes(count) : `${count} ${unit}`)
  story.draw(`${step}: ${what}, ${amount(done)}${total === 0 ? '' : ` of ${amount(total)}`}`)
}
