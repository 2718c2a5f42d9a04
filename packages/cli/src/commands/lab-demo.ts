import { mkdir } from 'node:fs/promises'
import { relative } from 'node:path'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { type Profile, profileKind } from '@skerry/api/kinds/profile'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { systemClock } from '@skerry/base/clock'
import type { BuildRecord } from '@skerry/factory/build-image'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import type { Machine } from '@skerry/factory/lab/machine'
import { CommandError } from '../exit-code.ts'
import { paint } from '../output.ts'
import { ProcessRecord } from '../up/leftovers.ts'
import { examplePath } from '../up/program.ts'
import { consoleLink } from '../up/welcome.ts'
import { pushImage } from './image-push.ts'
import { startDemoHub } from './lab-demo-hub.ts'
import { buildDemoImage, ensureDemoKeys } from './lab-demo-images.ts'
import { demoLimits } from './lab-demo-limits.ts'
import { followConsole, startDemoMachine } from './lab-demo-machine.ts'
import { demoFleet, demoProfile, demoUserData } from './lab-demo-objects.ts'
import { type DemoPlace, type DemoVersion, demo, demoPlace } from './lab-demo-place.ts'
import { showDemo } from './lab-demo-show.ts'
import { DemoStory } from './lab-demo-story.ts'
import {
  type DemoWatch,
  rolloutNames,
  untilGreen,
  untilJoined,
  untilMeasured,
  untilRolloutOver,
} from './lab-demo-watch.ts'
import { requireLabNeeds } from './lab-needs.ts'
import { labTrees } from './lab-prepare.ts'
import { pushModel } from './model-push.ts'
import { createJoinToken } from './token-create.ts'

export type LabDemoOptions = {
  readonly data: string
  readonly port: number
  readonly keep: boolean
}

/** Where everything stands once the first image is built and the hub is there. */
type Scene = DemoWatch & {
  readonly place: DemoPlace
  readonly trees: LabTrees
  /** When the firmware was last seen to start, in milliseconds of the story. */
  starts: number[]
}

/** `skerry lab demo`: from nothing to a machine that shrugs off a bad image, told while it happens. */
export async function runLabDemo(options: LabDemoOptions, stop: AbortSignal): Promise<void> {
  const place = demoPlace(options.data)
  await requireLabNeeds(place.directory, stop)
  await mkdir(place.directory, { recursive: true, mode: 0o700 })
  const record = new ProcessRecord(place.processes)
  await record.endLeftovers()
  const story = new DemoStory(process.stdout, systemClock)
  try {
    await tellStory(options, { place, record, story, stop })
  } catch (error) {
    if (stop.aborted)
      story.note(
        'Stopped: machine and hub have ended, and what was built is kept for the next run.',
      )
    throw error
  } finally {
    story.clear()
  }
}

type Beginning = Pick<Scene, 'place' | 'story' | 'stop'> & { readonly record: ProcessRecord }

async function tellStory(options: LabDemoOptions, beginning: Beginning): Promise<void> {
  const { place, story, stop } = beginning
  const trees = await story.chapter('QEMU, firmware and tools', () => labTrees(stop))
  const first = await story.chapter('build image 1.0.0, and a disk with it', async () => {
    const keys = await ensureDemoKeys(place)
    story.note(`keys ${keys}: ${shown(place.keys)}, encrypted`)
    return buildDemoImage({ place, version: '1.0.0', story, stop })
  })
  await using hub = await story.chapter('start a hub', () =>
    startDemoHub({ ...beginning, port: options.port }),
  )
  const hint = () => `Look at ${place.console} and ${place.hubLog}.`
  const scene: Scene = { hub, story, stop, hint, place, trees, starts: [] }
  const userData = await story.chapter('tell the hub what a shop runs', () => prepareHub(scene))
  await using machine = await story.chapter('switch a machine on', () =>
    startDemoMachine({ trees, place, userData }),
  )
  using _shown = followConsole(machine, story, () => scene.starts.push(story.elapsedMs))
  await playStory(scene, machine, first)
  await showDemo({ hub, story, place })
  if (options.keep) await keepRunning(scene)
}

async function playStory(scene: Scene, machine: Machine, first: BuildRecord): Promise<void> {
  const { story } = scene
  story.note(`its console: ${shown(scene.place.console)}`)
  const ended = endOf(machine)
  const whileItRuns = <T>(act: () => Promise<T>) => Promise.race([act(), ended])
  await story.chapter('from power-on to green, with the digit model', () =>
    whileItRuns(async () => {
      await untilJoined(scene)
      await describePlace(scene)
      await untilGreen(scene, first.description.imageId)
      const { requests, accuracy } = await untilMeasured(scene)
      story.note(`${requests} labels read, ${Math.round(accuracy * 100)} % of them right`)
    }),
  )
  const second = await story.chapter('image 2.0.0, one file changed: build, push', () =>
    buildAndPush(scene, '2.0.0'),
  )
  await story.chapter('upgrade by a Rollout', () =>
    whileItRuns(async () => {
      const rollout = await changeProfile(scene, '2.0.0')
      expectPhase(rollout, 'Succeeded')
      await untilGreen(scene, second.description.imageId)
      tellRestart(scene, 'of that, from its restart to green on 2.0.0')
    }),
  )
  await story.chapter('image 3.0.0, a bad one: build, push', () => buildAndPush(scene, '3.0.0'))
  await story.chapter('the bad image falls back, the Rollout goes back by itself', () =>
    whileItRuns(async () => {
      const rollout = await changeProfile(scene, '3.0.0')
      expectPhase(rollout, 'RolledBack')
      await untilGreen(scene, second.description.imageId)
      tellRestart(scene, 'of that, from its restart to green on 2.0.0 again')
    }),
  )
}

/** Rejects when QEMU ends, which nobody asked it to. */
async function endOf(machine: Machine): Promise<never> {
  await machine.waitForEnd({ processorSecondsMax: Infinity })
  throw new CommandError(
    `The machine is off. The end of its console (all of it: ${machine.console.file}):\n${machine.console.tail(demoLimits.consoleTailLines)}`,
  )
}

/** Everything that a person would apply: image, model, Profile, Fleet, and a token for the machine. */
async function prepareHub({ hub, story, place }: Scene): Promise<string> {
  story.note(`look at it in a browser: ${await consoleLink(hub)}`)
  story.note(`kubeconfig: ${shown(place.kubeconfig)}`)
  await pushImage(hub, place.imageOf('1.0.0'), undefined)
  story.note('OSImage shop-1.0.0')
  await pushModel(hub, { file: examplePath('digits-v1.onnx'), model: 'digits', version: 'v1' })
  story.note('Model digits v1')
  await hub.state.create(profileKind, demoProfile('1.0.0'))
  await hub.state.create(fleetKind, demoFleet())
  story.note(`Profile ${demo.profile} (os, model, workload) for the sites of Fleet ${demo.fleet}`)
  const token = await createJoinToken(hub, {
    uses: 1,
    validForMs: demoLimits.tokenValidMs,
    sites: [demo.site],
    createsSites: true,
    siteLabels: demo.label,
  })
  story.note(`a token that lets one machine join, as site ${demo.site}`)
  const { port } = new URL(hub.address.server)
  return demoUserData(`https://${demo.hubForMachine}:${port}`, token)
}

/** What the token could not know of the site; it measures every five seconds, so that there is something to see. */
async function describePlace({ hub }: Scene): Promise<void> {
  const site = await hub.state.get(siteKind, { namespace: 'default', name: demo.site })
  if (site === undefined) return
  const spec = { ...site.spec, displayName: 'A shop', telemetry: { intervalSeconds: 5 } }
  await hub.state.update(siteKind, { ...site, spec })
}

async function buildAndPush(scene: Scene, version: DemoVersion): Promise<BuildRecord> {
  const { hub, place, story, stop } = scene
  const record = await buildDemoImage({ place, version, story, stop })
  const { metadata } = await pushImage(hub, place.imageOf(version), undefined)
  story.note(`pushed: OSImage ${metadata.name}`)
  return record
}

/** One field of the Profile changes; the Fleet makes a Rollout of it, which is followed to its end. */
async function changeProfile(scene: Scene, version: DemoVersion): Promise<Rollout> {
  const { hub, story } = scene
  const before = await rolloutNames(hub)
  const key = { namespace: 'default', name: demo.profile }
  const profile: Profile | undefined = await hub.state.get(profileKind, key)
  const { spec } = demoProfile(version)
  scene.starts = []
  await hub.state.update(profileKind, { ...profile!, spec })
  story.note(`Profile ${demo.profile}: os.image is shop-${version} now`)
  return untilRolloutOver(scene, before)
}

function expectPhase({ metadata, status }: Rollout, phase: string): void {
  if (status?.phase === phase) return
  throw new CommandError(
    `Rollout ${metadata.name} ended ${status?.phase ?? 'unknown'} and should have ended ${phase}: ${status?.message ?? ''}`,
  )
}

function tellRestart({ story, starts }: Scene, title: string): void {
  const [first] = starts
  if (first !== undefined) story.part(title, story.elapsedMs - first)
}

async function keepRunning({ hub, story, stop, place }: Scene): Promise<void> {
  process.stdout.write(
    `${paint.bold('Hub and machine go on.')} Ctrl-C here ends both.\n` +
      `  console     ${await consoleLink(hub)}\n` +
      `  kubeconfig  ${shown(place.kubeconfig)}\n`,
  )
  await new Promise<void>((done) => stop.addEventListener('abort', () => done(), { once: true }))
  story.note('Ending the machine and the hub.')
}

/** As somebody would type it. */
function shown(path: string): string {
  const here = relative(process.cwd(), path)
  return here.startsWith('..') ? path : here
}
