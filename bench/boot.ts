// From power-on to green at the hub, by phase, for each of the four roots; and the memory that the agent takes of a
// Debian with systemd, against the same Debian without it. Wants packages of Debian, and ten minutes of a machine
// that does nothing else. ROOTS=busybox,systemd chooses; MEMORY=no leaves memory out.
import { eventually } from '../e2e/demo-run.ts'
import { memoryProbeFiles } from '../e2e/boot/roots/memory-probe.ts'
import { type Phase, PhaseClock } from '../e2e/boot/roots/phases.ts'
import { type RootName, buildRootImage, rootNames } from '../e2e/boot/roots/root-images.ts'
import { RootMachine } from '../e2e/boot/roots/root-machine.ts'
import { readTelling } from '../e2e/boot/roots/telling.ts'
import { systemClock } from '../packages/base/src/clock.ts'
import { type LabTrees, ensureLabTrees } from '../packages/factory/src/lab/lab-trees.ts'
import type { Machine } from '../packages/factory/src/lab/machine.ts'
import { startMachine } from '../packages/factory/src/lab/start-machine.ts'
import { createBlankVariables } from '../packages/factory/src/lab/firmware-variables.ts'
import { writeResults } from './lib-results.ts'

const processorSecondsMax = 600
const greenMs = 900_000
const say = (line: string): void => console.log(line)

export async function run(): Promise<void> {
  const trees = await ensureLabTrees()
  const asked = process.env['ROOTS']?.split(',')
  const wanted = rootNames.filter((name) => asked?.includes(name) ?? true)
  const boots: Record<string, unknown> = {}
  for (const name of wanted) {
    const boot = await bootOnce(trees, name)
    console.log(`\n${name}`)
    console.table(boot.phases)
    console.log(boot.untilAgentSpeaks, boot.untilGreen)
    boots[name] = boot
  }
  const memory = process.env['MEMORY'] === 'no' ? undefined : await compareMemory(trees)
  if (memory !== undefined) console.table(memory)
  writeResults('boot', { boots, memory })
}

/** One boot of a machine that has never been started: one processor, one GiB, a hub on the same machine. */
async function bootOnce(trees: LabTrees, name: RootName) {
  const image = await buildRootImage({ name, isLean: false, say }, `${name}-bench`, {})
  const clock = new PhaseClock()
  const now = (machine: Machine) => ({
    clockSeconds: machine.seconds,
    processorSeconds: machine.processorSeconds,
  })
  await using root = await RootMachine.start(
    trees,
    { name, keys: image.keys, first: image },
    { secureBoot: false, watch: ({ text }, machine) => clock.line(text, now(machine)) },
  )
  const { machine } = root
  await machine.waitFor(/skerry: Connected/, { processorSecondsMax })
  await eventually(
    `${name} to be green`,
    async () => {
      const status = (await root.site())?.status
      const os = (await root.device())?.status?.os
      const isGreen = status?.connectivity === 'Online' && os?.imageId === image.imageId
      return isGreen ? true : undefined
    },
    greenMs,
  )
  clock.end('green at the hub', now(machine))
  const phases: Phase[] = clock.phases
  return {
    phases,
    untilAgentSpeaks: clock.at('init, to the agent'),
    untilGreen: clock.at('green at the hub'),
  }
}

/** The same root with and without the agent, each 90 s after its start, with what was only cached thrown away. */
async function compareMemory(trees: LabTrees) {
  const name = 'systemd'
  const more = { files: memoryProbeFiles }
  const withAgent = await buildRootImage({ name, isLean: false, say }, 'memory-with', more)
  const without = await buildRootImage({ name, isLean: false, say }, 'memory-without', {
    ...more,
    agent: false,
    cloudConfig: [],
    inference: false,
  })
  const first = await memoryOfGreen(trees, withAgent)
  const second = await memoryOfBare(trees, without.disk)
  return { withAgent: first, without: second }
}

async function memoryOfGreen(
  trees: LabTrees,
  image: Awaited<ReturnType<typeof buildRootImage>>,
): Promise<object> {
  await using root = await RootMachine.start(
    trees,
    { name: 'systemd', keys: image.keys, first: image },
    { secureBoot: false },
  )
  return await memoryTold(root.machine)
}

async function memoryOfBare(trees: LabTrees, disk: string): Promise<object> {
  const variables = `${disk}.variables.fd`
  await createBlankVariables(trees.lab, variables)
  await using machine = await startMachine({
    trees,
    memoryMiB: 1024,
    cpus: 1,
    variables,
    network: {},
    disks: [{ file: disk, isTemporary: true }],
  })
  return await memoryTold(machine)
}

async function memoryTold(machine: Machine): Promise<object> {
  await machine.waitFor(/@@ memory-end/, { processorSecondsMax })
  await systemClock.sleep(100)
  const lines = Array.from({ length: machine.console.length }, (_, at) => machine.console.at(at))
  const told = readTelling(lines.filter((line) => line !== undefined))
  return { memoryKiB: told['memory-kib'], agentKiB: told['agent-kib'] }
}

if (import.meta.main) await run()
