import type { Clock } from '@skerry/base/clock'
import { type Log, silentLog } from '@skerry/base/log'
import type { OsMachine, OsState, SwitchIntent } from '../upgrade/os-machine.ts'
import { openOsMachine } from '../upgrade/open-os-machine.ts'
import { type FakeImage, requestFor } from './fake-image.ts'
import type { SimulatedMachine } from './simulated-machine.ts'

export const fixedClock: Clock = {
  now: () => Date.UTC(2026, 10, 21),
  monotonicMs: () => 0,
  sleep: async () => undefined,
}

export const intentFor = (image: FakeImage, attempt = 1): SwitchIntent => ({
  digest: image.digest,
  attempt,
  didHubAnswer: true,
  hadNetwork: true,
})

export type DriveOptions = {
  readonly target: FakeImage
  readonly log?: Log
  /** Whether an image on trial is found healthy. */
  readonly isHealthy?: (image: FakeImage) => boolean
  /** Called after each look. */
  readonly onLook?: (state: OsState) => void
  readonly progressBytes?: number
}

const stepsMax = 12

/**
 * What the agent does with a machine, without anything else of the agent: judges what is on trial, and brings
 * the target up step by step until it runs, or there is evidence against it. Gives the last state.
 */
export async function drive(machine: SimulatedMachine, options: DriveOptions): Promise<OsState> {
  const { target } = options
  for (let restarts = 0; restarts < stepsMax; restarts += 1) {
    const session = await startSession(machine, options)
    const done = await seek(session, options)
    if (done) return session.os.observe()
  }
  throw new Error(`The machine did not come to ${target.description.version}`)
}

export async function startSession(
  machine: SimulatedMachine,
  { log = silentLog, progressBytes = 2 * 4096 }: Pick<DriveOptions, 'log' | 'progressBytes'> = {},
): Promise<{ readonly os: OsMachine; readonly image: FakeImage }> {
  const started = await machine.start()
  if (started === undefined)
    throw new Error(`The machine starts nothing: ${machine.story.slice(-4).join('; ')}`)
  const os = await openOsMachine({ host: started.host, clock: fixedClock, log, progressBytes })
  if (os === undefined) throw new Error('The machine does not run from an image')
  return { os, image: started.image }
}

/** Until the machine must restart (false) or there is nothing left to do (true). */
async function seek(
  { os, image }: { readonly os: OsMachine; readonly image: FakeImage },
  { target, isHealthy = () => true, onLook }: DriveOptions,
): Promise<boolean> {
  if (!os.observe().isOnTrial) {
    await must(os.settle())
    const before = os.observe().report.outcomes
    await must(os.examine(new AbortController().signal))
    const [last, ...others] = os.observe().report.outcomes
    const isLeft = last?.result === 'FellBack' && last.imageId === image.description.imageId
    if (isLeft && others.length === before.length) return false
  }
  for (let steps = 0; steps < stepsMax; steps += 1) {
    const state = os.observe()
    onLook?.(state)
    const { imageId } = target.description
    if (state.isOnTrial) {
      if (!isHealthy(image)) return !(await os.condemn('its model does not answer')).ok
      await must(os.bless())
    } else if (state.report.imageId === imageId) return true
    else if (state.condemned.some((each) => each.imageId === imageId)) return true
    else if (state.switched === imageId) {
      await must(os.restart())
      return false
    } else if (state.staged.some((each) => each.imageId === imageId))
      await must(os.switchTo(imageId, intentFor(target)))
    else await must(os.install(requestFor(target), new AbortController().signal))
  }
  throw new Error(`The machine does not come on: ${JSON.stringify(os.observe())}`)
}

async function must(act: ReturnType<OsMachine['bless']>): Promise<void> {
  const result = await act
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`)
}
