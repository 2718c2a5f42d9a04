import assert from 'node:assert/strict'
import { profileKind } from '@skerry/api/kinds/profile'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { systemClock } from '@skerry/base/clock'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { eventually } from '../../demo-run.ts'
import { bootLimits } from '../limits.ts'
import { profileOf } from '../wanted.ts'
import { PhaseClock } from './phases.ts'
import { probeUser } from './probe-config.ts'
import type { RootImage, RootImages } from './root-images.ts'
import { RootMachine, type RootOptions, site } from './root-machine.ts'
import { type Telling, problemsBetween, problemsOf, readTelling } from './telling.ts'

export type TourStep = {
  readonly what: string
  readonly clockSeconds: number
  readonly processorSeconds: number
}

const processorSecondsMax = 600
/** For `login` to ask for the password, and for the shell after it. */
const promptMs = 8_000

/**
 * A root from power-on to green, through an update by a Rollout, and through a bad one back to where it was. Rejects
 * with what was not as it must be.
 */
export async function tourRoot(
  trees: LabTrees,
  images: RootImages,
  options: RootOptions & { readonly say: (line: string) => void },
): Promise<TourStep[]> {
  const clock = new PhaseClock()
  const watch: RootOptions['watch'] = ({ text }, { seconds, processorSeconds }) =>
    clock.line(text, { clockSeconds: seconds, processorSeconds })
  const root = await RootMachine.start(trees, images, { ...options, watch })
  await using tour = new Tour(root, options.say)
  const { first, second, bad } = images
  const before = await tour.boots(first, /^.*skerry: Connected/)
  await tour.isGreen(first, 'green')
  for (const { phase, clockSeconds, processorSeconds } of clock.phases)
    options.say(`  ${phase}: ${clockSeconds} s, ${processorSeconds} processor s`)
  if (images.name !== 'busybox') await tour.logsIn()
  await tour.want(second)
  const after = await tour.boots(second, /skerry: image 2\.0\.0 is well and is kept/)
  tour.hasKept(before, after)
  await tour.isGreen(second, 'updated')
  await tour.want(bad, 30)
  await tour.says(/skerry: image 3\.0\.0 .*the drawer is stuck/)
  const again = await tour.boots(second, /last: 3\.0\.0 FellBack/)
  tour.hasKept(after, again)
  await tour.isGreen(second, 'fallen back', async () => {
    const device = await tour.root.device()
    const outcome = device?.status?.os?.outcomes.find(({ version }) => version === '3.0.0')
    assert.equal(outcome?.result, 'FellBack')
    assert.match(outcome?.message ?? '', /the drawer is stuck/)
    const { items } = await tour.root.hub.state.list(rolloutKind)
    assert(items.some(({ status }) => status?.phase === 'RolledBack'))
  })
  return tour.steps
}

class Tour implements AsyncDisposable {
  readonly root: RootMachine
  readonly steps: TourStep[] = []
  readonly #say: (line: string) => void
  #lastClock = 0
  #lastProcessor = 0

  constructor(root: RootMachine, say: (line: string) => void) {
    this.root = root
    this.#say = say
  }

  async says(pattern: RegExp): Promise<void> {
    await this.root.machine.waitFor(pattern, { processorSecondsMax })
  }

  /** The image comes up and comes to this line; what it told on the way is as it must be. */
  async boots({ version }: RootImage, until: RegExp): Promise<Telling> {
    const { machine } = this.root
    const from = machine.console.length
    await this.says(/skerry: [\d.]+ initrd started/)
    await this.says(/@@ end: /)
    await this.says(until)
    const lines = []
    for (let number = from; number < machine.console.length; number++) {
      const line = machine.console.at(number)
      if (line !== undefined) lines.push(line)
    }
    const told = readTelling(lines)
    assert.deepEqual(problemsOf(told, { version, site }), [])
    return told
  }

  hasKept(before: Telling, after: Telling): void {
    assert.deepEqual(problemsBetween(before, after), [])
  }

  async want(image: RootImage, deadlineSeconds = 240): Promise<void> {
    const { hub } = this.root
    await hub.skerry('image', 'push', image.directory)
    const profile = profileOf(image.osImage, { health: { deadlineSeconds } })
    const there = await hub.state.get(profileKind, { namespace: 'default', name: 'base' })
    if (there === undefined) await hub.state.create(profileKind, profile)
    else await hub.state.update(profileKind, { ...there, spec: profile.spec })
  }

  /** Whoever has the password comes in where the kernel speaks. The root of busybox alone has no login. */
  async logsIn(): Promise<void> {
    const { machine } = this.root
    await machine.waitFor(/Debian GNU\/Linux 13 \S+ ttyS0/, { processorSecondsMax, from: 0 })
    machine.type(`\n${probeUser.name}\n`)
    // A prompt is no line, and others speak beside it: it cannot be waited for.
    await systemClock.sleep(promptMs)
    machine.type(`${probeUser.password}\n`)
    await systemClock.sleep(promptMs)
    machine.type('echo "@@ login: $(id -un) $(id -Gn)"\n')
    await this.says(/@@ login: admin admin users/)
  }

  /** The hub knows that the image runs and is kept. */
  async isGreen(
    image: RootImage,
    what: string,
    also: () => Promise<void> = async () => {},
  ): Promise<void> {
    await eventually(
      `${image.version} to be ${what} at the hub`,
      async () => {
        assert(this.root.machine.isRunning, 'QEMU ended')
        const os = (await this.root.device())?.status?.os
        if (os?.imageId !== image.imageId || !os.isBlessed) return undefined
        await also()
        return true
      },
      bootLimits.waitMs,
    )
    const { seconds, processorSeconds } = this.root.machine
    const step: TourStep = {
      what,
      clockSeconds: Math.round(seconds - this.#lastClock),
      processorSeconds: Math.round(processorSeconds - this.#lastProcessor),
    }
    this.#lastClock = seconds
    this.#lastProcessor = processorSeconds
    this.steps.push(step)
    this.#say(`${what}: ${step.clockSeconds} s, ${step.processorSeconds} processor s`)
    // The last of what it has to say comes with the next report.
    await systemClock.sleep(bootLimits.lookEveryMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root[Symbol.asyncDispose]()
  }
}
