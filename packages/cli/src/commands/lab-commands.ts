import type { Command } from 'commander'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { LabDemoOptions } from './lab-demo.ts'
import type { LabUpOptions } from './lab-up.ts'

type UpFlags = Omit<LabUpOptions, 'portForward'> & { readonly portForward: readonly string[] }

/** The factory is loaded by the command that needs it: the others start as fast as without it. */
export function addLabCommands(program: Command, stop: AbortSignal): void {
  const lab = program
    .command('lab')
    .description('Boot images in a virtual machine before they ship')
  lab
    .command('prepare')
    .description('Fetch QEMU, its firmware and the tools into the cache; nothing is installed')
    .action(async () => {
      const { prepareLab } = await import('./lab-prepare.ts')
      await prepareLab(stop)
    })
  lab
    .command('demo')
    .description(
      'Build an image, boot a machine that joins a hub, upgrade it, and hand it a bad image',
    )
    .option('--data <dir>', 'where keys, images, hub and machine are kept', '.skerry/lab')
    .option(
      '--port <number>',
      'port of the hub; its device gateway takes the next one',
      number('--port', 1, 65_534),
      7463,
    )
    .option('--keep', 'leave hub and machine running until Ctrl-C', false)
    .action(async (options: LabDemoOptions) => {
      const { runLabDemo } = await import('./lab-demo.ts')
      await runLabDemo(options, stop)
    })
  lab
    .command('up')
    .description('Boot an image and show its console; the image itself is never written to')
    .argument('<image>', 'a disk image (raw, qcow2, VHD), or the directory of a build')
    .option('--memory <MiB>', 'memory of the machine', number('--memory', 128, 1_048_576), 2048)
    .option('--cpus <count>', 'processors of the machine', number('--cpus', 1, 64), 2)
    .option('--secure-boot', 'firmware that verifies what it starts', false)
    .option(
      '--keys <dir>',
      'with --secure-boot: keys that the firmware knows (default: none, so the image may enrol its own)',
    )
    .option(
      '--port-forward <host:guest>',
      'a port of this machine that leads to one of the guest; may be given again',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option(
      '--user-data <file>',
      'cloud-config on a drive, as a cloud or a stick gives it: hub, token, site',
    )
    .option('--console', 'type into the console; Ctrl-] leaves', false)
    .option('--persist', 'keep what the machine writes for the next start', false)
    .option('--clock <time>', 'hardware clock at power-on, such as 1970-01-01T00:00:00')
    .option('--cut-power-at <pattern>', 'pull the plug at the first console line that matches')
    .action(async (image: string, flags: UpFlags) => {
      const portForward = flags.portForward.map(parsePortForward)
      const { labUp } = await import('./lab-up.ts')
      await labUp(image, { ...flags, portForward }, stop)
    })
}

/** `8080:80`, or `8080` for the same port on both sides. */
export function parsePortForward(text: string): { hostPort: number; guestPort: number } {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text)
  const [hostPort, guestPort] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  const isPort = (port: number) => port >= 1 && port <= 65_535
  if (match !== null && isPort(hostPort) && isPort(guestPort)) return { hostPort, guestPort }
  throw new CommandError(
    `--port-forward ${text}: must be two ports from 1 to 65535, such as 8080:80`,
    exitCodes.usage,
  )
}

function number(option: string, min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    throw new CommandError(
      `${option} ${text}: must be a whole number from ${min} to ${max}`,
      exitCodes.usage,
    )
  }
}
