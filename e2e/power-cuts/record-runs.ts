import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import type { KnownImage } from '@skerry/factory/lab/known-image'
import { type Lane, type LaneBase, type World, baseFiles, copySparse, enrol } from '../boot/lane.ts'
import { bootLimits } from '../boot/limits.ts'
import type { ImageName } from '../boot/test-images.ts'
import { Trial } from '../boot/trial.ts'
import { imageTruth } from './image-truth.ts'
import { cutLimits } from './limits.ts'

/** What a machine wrote, from a power-on to the state that it was to reach. */
export type RecordedRun = {
  readonly name: string
  readonly what: string
  /** The disk as it was before, and every write after that. */
  readonly base: string
  readonly log: string
  /** Variables of its firmware; as good as blank. */
  readonly variables: string
  readonly images: readonly KnownImage[]
  /** Of those that must not be what the machine is left with. */
  readonly badImageIds: readonly string[]
  readonly seconds: number
}

const lane: Lane = { name: 'power-cuts', secureBoot: false, port: 24_930 }
const goodNames = ['good1', 'good2'] as const satisfies readonly ImageName[]
const badNames = ['panics', 'unhealthy'] as const satisfies readonly ImageName[]

type Story = {
  readonly name: string
  readonly what: string
  readonly act: (trial: Trial) => Promise<void>
}

/** Each begins with the machine as the one before left it. */
const stories: readonly Story[] = [
  {
    name: 'upgrade',
    what: 'upgrade from 1.0.0 to 2.0.0, until it is blessed',
    act: async (trial) => {
      await trial.runs(await trial.want('good2'))
    },
  },
  {
    name: 'going-back',
    what: 'going back from 2.0.0 to 1.0.0 on purpose, until it is blessed',
    act: async (trial) => {
      await trial.setProfile('boot-1.0.0')
      const good = await trial.image('good1')
      await trial.outcome(good, { result: 'WentBack' })
      await trial.runs(good)
    },
  },
  {
    name: 'panics',
    what: 'an image that panics is installed, tried and given up',
    act: async (trial) => {
      await trial.outcome(await trial.want('panics'), { result: 'FellBack' })
      await trial.runs(await trial.image('good1'))
    },
  },
  {
    name: 'unhealthy',
    what: 'an image that is not well is installed, tried and condemned',
    act: async (trial) => {
      await trial.outcome(await trial.want('unhealthy'), { result: 'FellBack', evidence: 'Gate' })
      await trial.runs(await trial.image('good1'))
    },
  },
]

/** Runs one machine through its life, with a log of its writes for each chapter. */
export async function* recordRuns(
  world: World,
  directory: string,
): AsyncGenerator<RecordedRun, void, void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(join(directory, 'images'), { recursive: true })
  const images: KnownImage[] = []
  for (const name of [...goodNames, ...badNames])
    images.push(await imageTruth(await world.images.get(name), join(directory, 'images')))
  const badImageIds = images.slice(goodNames.length).map(({ imageId }) => imageId)
  const machine = baseFiles(join(directory, 'machine'))
  await mkdir(machine.directory)
  const { disk = '' } = await world.images.get('good1')
  const first = { name: 'first-boot', what: 'first boot of a fresh disk, until it is green' }
  yield await recorded(
    { ...first, before: disk, machine, images, badImageIds, directory },
    async (writeLog) => {
      await enrol(world, lane, machine, { writeLog })
    },
  )
  for (const { act, ...story } of stories)
    yield await recorded(
      { ...story, before: machine.disk, machine, images, badImageIds, directory },
      async (writeLog) => {
        await using trial = new Trial(world, lane, machine)
        await trial.startHub()
        await trial.startMachine({ writeLog })
        await trial.says(/^skerry: image \S+ \(\w+\) runs from \S+, kept/)
        await act(trial)
        // Whatever is still to be written, such as what the agent sends and keeps, belongs to it too.
        await trial.sleep(bootLimits.settleMs)
      },
    )
}

type Recording = Pick<RecordedRun, 'name' | 'what' | 'images' | 'badImageIds'> & {
  readonly before: string
  readonly machine: LaneBase
  readonly directory: string
}

async function recorded(
  { before, machine, directory, ...run }: Recording,
  act: (writeLog: string) => Promise<void>,
): Promise<RecordedRun> {
  const own = join(directory, run.name)
  await mkdir(own)
  const [base, log, variables] = ['before.raw', 'writes.log', 'variables.fd'].map((file) =>
    join(own, file),
  ) as [string, string, string]
  await copySparse(before, base)
  await writeFile(log, '')
  await truncate(log, cutLimits.writeLogBytesMax)
  const startMs = systemClock.monotonicMs()
  await act(log)
  await copySparse(machine.variables, variables)
  const seconds = (systemClock.monotonicMs() - startMs) / 1000
  return { ...run, base, log, variables, seconds }
}
