import { type Command, Option } from 'commander'
import { type HubOptions, openHub } from '../hub-access.ts'
import { outputFormats, paint, parseOutputFormat } from '../output.ts'
import type { ImageBuildOptions } from './image-build.ts'
import type { ImageLockOptions } from './image-lock.ts'

const formatOption = () =>
  new Option('--output <format>', 'how to print').choices(outputFormats).default('table')
const mirrorOption = [
  '--mirror <url>',
  "where Debian's packages are (default: $SKERRY_DEBIAN_MIRROR, else what apt here uses)",
] as const
const cacheOption = ['--cache <dir>', 'where packages and steps are kept'] as const

/** The factory is loaded by the command that needs it: the others start as fast as without it. */
export function addImageCommands(program: Command, stop: AbortSignal): void {
  const image = program.command('image').description('Operating systems: build, look into, push')
  addBuild(image, stop)
  addLock(image, stop)
  addPush(image)
  addInspect(image, stop)
}

function addBuild(image: Command, stop: AbortSignal): void {
  image
    .command('build')
    .description('Build what a schematic says: an update artifact, and disks that boot')
    .requiredOption('-f, --file <image.yaml>', 'the schematic')
    .option('-o, --out <dir>', 'where to write', 'out')
    .option('--disk <format...>', 'disk images: raw, qcow2, vhd', [])
    .option('--keys <dir>', 'keys that sign it (default: those that the schematic names)')
    .option(
      '--passphrase-file <file>',
      'passphrase of the keys (default: $SKERRY_KEYS_PASSPHRASE, else it is asked for)',
    )
    .option(...cacheOption)
    .option(...mirrorOption)
    .option('--dry-run', 'say what would be fetched and made, and stop', false)
    .addOption(formatOption())
    .action(async (options: ImageBuildOptions & { output: string }) => {
      const { runImageBuild } = await import('./image-build.ts')
      await runImageBuild(options, parseOutputFormat(options.output), stop)
    })
}

function addLock(image: Command, stop: AbortSignal): void {
  image
    .command('lock')
    .description('Pin the packages that a schematic takes, in a file beside it')
    .option(
      '-f, --file <image.yaml>',
      'the schematic (default: what the factory itself is made of)',
    )
    .option('--update', 'ask for what is new, also of what is pinned', false)
    .option(...cacheOption)
    .option(...mirrorOption)
    .action(async (options: ImageLockOptions) => {
      const { lockImage } = await import('./image-lock.ts')
      await lockImage(options, stop)
    })
}

function addPush(image: Command): void {
  image
    .command('push')
    .description("Send what was built to the hub's registry, and make an OSImage of it")
    .argument('<dir>', 'what `skerry image build` wrote')
    .option('--name <name>', 'name of the OSImage (default: name and version of the schematic)')
    .option(
      '--kubeconfig <file>',
      'the hub to talk to (default: $KUBECONFIG, then .skerry/kubeconfig)',
    )
    .option('-n, --namespace <name>', 'the tenant (default: of the kubeconfig)')
    .action(async (directory: string, options: HubOptions & { name?: string }) => {
      const { pushImage } = await import('./image-push.ts')
      await using hub = await openHub(options)
      const { metadata, spec } = await pushImage(hub, directory, options.name)
      process.stdout.write(
        `${paint.green('pushed')} ${metadata.name} ${spec.description.version} (${spec.manifestDigest.slice(7, 19)})\n`,
      )
    })
}

function addInspect(image: Command, stop: AbortSignal): void {
  image
    .command('inspect')
    .description(
      'Say what is in a disk, a kernel image, a slot or an artifact, and whether every signature holds',
    )
    .argument('<file>', 'a file, or the directory of an artifact')
    .option(
      '--keys <path...>',
      'whose signatures count: keys, what was exported of them, certificates',
      [],
    )
    .addOption(formatOption())
    .action(async (file: string, options: { keys: string[]; output: string }) => {
      const { showInspection } = await import('./image-inspect.ts')
      const format = parseOutputFormat(options.output)
      process.exitCode = await showInspection(file, { keys: options.keys, format }, stop)
    })
}
