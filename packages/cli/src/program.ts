import { Command, Option } from 'commander'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { systemClock } from '@skerry/base/clock'
import { showAgentStatus } from './commands/agent-status.ts'
import { addConfigCommands } from './commands/config-check.ts'
import { addImageCommands } from './commands/image.ts'
import { addKeysCommands } from './commands/keys.ts'
import { addLabCommands } from './commands/lab-commands.ts'
import { pushModel } from './commands/model-push.ts'
import {
  explainInRollout,
  listRollouts,
  rolloutVerbs,
  sayToRollout,
  siteVerbs,
  watchRollout,
  waveVerbs,
} from './commands/rollout.ts'
import { runProgram } from './commands/run-program.ts'
import { listSites, showSite } from './commands/site.ts'
import { showStatus } from './commands/status.ts'
import { createJoinToken, parseLabels } from './commands/token-create.ts'
import { createUserToken } from './commands/token-create-api.ts'
import { completionScript } from './completion.ts'
import { parseDuration } from './duration.ts'
import { CommandError, exitCodes } from './exit-code.ts'
import { type HubAccess, type HubOptions, openHub } from './hub-access.ts'
import { outputFormats, paint, parseOutputFormat } from './output.ts'
import { programPath } from './up/program.ts'
import { up } from './up/up.ts'
import { consoleLink } from './up/welcome.ts'

type Output = { readonly output: string }
type OnHub = HubOptions & Output

const exitHelp = `
Exit codes: ${exitCodes.ok} well, ${exitCodes.failed} refused, ${exitCodes.usage} wrong command line, ${exitCodes.unreachable} hub does not answer, ${exitCodes.unhealthy} ended badly or not healthy.`

/** The whole command line. `stop` aborts on Ctrl-C. */
export function createProgram(stop: AbortSignal): Command {
  const program = new Command('skerry')
    .description('Runs Kubernetes and AI models at the edge, thousands of sites from one hub.')
    .version('0.1.0')
    .showHelpAfterError('(add --help for what is possible)')
    .addHelpText('after', exitHelp)
    .exitOverride()
  addUp(program, stop)
  addStatus(program)
  addSite(program)
  addModel(program, stop)
  addRollout(program, stop)
  addImageCommands(program, stop)
  addKeysCommands(program)
  addLabCommands(program, stop)
  addToken(program)
  addAgent(program)
  addBackup(program)
  addConfigCommands(program)
  program
    .command('completion')
    .description('Print a completion script for bash or zsh')
    .argument('<shell>', 'bash or zsh')
    .action((shell: string) => void process.stdout.write(completionScript(shell, program)))
  return program
}

const hubOptions = (command: Command): Command =>
  command
    .option(
      '--kubeconfig <file>',
      'the hub to talk to (default: $KUBECONFIG, then .skerry/kubeconfig)',
    )
    .option('-n, --namespace <name>', 'the tenant (default: of the kubeconfig)')

const outputOption = (command: Command): Command =>
  command.addOption(
    new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'),
  )

async function onHub<T>(options: HubOptions, act: (hub: HubAccess) => Promise<T>): Promise<T> {
  await using hub = await openHub(options)
  return await act(hub)
}

function addUp(program: Command, stop: AbortSignal): void {
  program
    .command('up')
    .description('Start a hub and some sites on this machine, or go on with those that are there')
    .option('--sites <count>', 'how many sites', wholeNumber('--sites', 1, 50), 3)
    .option('--data <dir>', 'where everything is kept', '.skerry')
    .option(
      '--port <number>',
      'port of the hub; its device gateway takes the next one',
      wholeNumber('--port', 1, 65_534),
      7443,
    )
    .option('--reset', 'forget what is there and start anew', false)
    .action((options: { sites: number; data: string; port: number; reset: boolean }) =>
      up(options, stop),
    )
}

function addStatus(program: Command): void {
  outputOption(
    hubOptions(program.command('status').description('The whole fleet on one screen')),
  ).action(async (options: OnHub) => {
    process.exitCode = await onHub(options, (hub) =>
      showStatus(hub, parseOutputFormat(options.output)),
    )
  })
  hubOptions(
    program.command('console').description('Print a link that signs in to the console once'),
  ).action(async (options: HubOptions) => {
    process.stdout.write(`${await onHub(options, consoleLink)}\n`)
  })
}

function addSite(program: Command): void {
  const site = program.command('site').description('Look at sites')
  outputOption(hubOptions(site.command('list').description('All sites'))).action((options: OnHub) =>
    onHub(options, (hub) => listSites(hub, parseOutputFormat(options.output))),
  )
  outputOption(
    hubOptions(
      site.command('show').description('One site: what runs, what failed').argument('<name>'),
    ),
  ).action((name: string, options: OnHub) =>
    onHub(options, (hub) => showSite(hub, name, parseOutputFormat(options.output))),
  )
}

function addModel(program: Command, stop: AbortSignal): void {
  const model = program.command('model').description('Bring models')
  hubOptions(
    model
      .command('push')
      .description('Upload a version of a model; the fleets that follow it roll it out')
      .argument('<file>', 'an ONNX file')
      .requiredOption('--model <name>', 'the model that it is a version of')
      .option('--version <name>', 'name of the version (default: the next of v1, v2, …)')
      .option('--watch', 'follow the rollout until it is over', false),
  ).action(
    async (
      file: string,
      options: HubOptions & { model: string; version?: string; watch: boolean },
    ) => {
      process.exitCode = await onHub(options, async (hub) => {
        const before = new Set(await rolloutNames(hub))
        const pushed = await pushModel(hub, {
          file,
          model: options.model,
          version: options.version,
        })
        process.stdout.write(
          `${paint.green('accepted')} ${pushed.spec.model} ${pushed.spec.version} (${pushed.spec.digest.slice(7, 19)})\n`,
        )
        if (!options.watch) return exitCodes.ok
        const name = await newRollout(hub, before)
        return name === undefined ? exitCodes.ok : watchRollout(hub, name, stop)
      })
    },
  )
}

const newRolloutWithinMs = 10_000

async function rolloutNames(hub: HubAccess): Promise<string[]> {
  const { items } = await hub.state.list(rolloutKind, { namespace: hub.namespace })
  return items.map((item) => item.metadata.name)
}

/** The rollout that a push made, or undefined when no fleet follows the model. */
async function newRollout(hub: HubAccess, before: Set<string>): Promise<string | undefined> {
  const deadlineMs = systemClock.monotonicMs() + newRolloutWithinMs
  while (systemClock.monotonicMs() < deadlineMs) {
    const name = (await rolloutNames(hub)).find((each) => !before.has(each))
    if (name !== undefined) return name
    await systemClock.sleep(200)
  }
  process.stdout.write('No fleet follows this model, so nothing is rolled out.\n')
  return undefined
}

function addRollout(program: Command, stop: AbortSignal): void {
  const rollout = program.command('rollout').description('Look at rollouts and talk to them')
  outputOption(hubOptions(rollout.command('list').description('All rollouts, newest last'))).action(
    (options: OnHub) =>
      onHub(options, (hub) => listRollouts(hub, parseOutputFormat(options.output))),
  )
  hubOptions(
    rollout
      .command('watch')
      .description('Follow a rollout until it is over')
      .argument('[name]', 'default: the newest'),
  ).action(async (name: string | undefined, options: HubOptions) => {
    process.exitCode = await onHub(options, (hub) => watchRollout(hub, name, stop))
  })
  addRolloutVerbs(rollout)
}

const verbMeanings = {
  pause: 'Stop where it is',
  resume: 'Go on',
  abort: 'Stop for good and bring back what was changed',
  retry: 'Try again where it failed',
  approve: 'Let a wave start that wants approval',
  promote: 'Let a wave pass now, without more soak and more data',
  skip: 'Leave a site as it is',
  force: 'Change a site now, whatever its wave, windows, budgets and earlier failures',
}
type SaidOptions = HubOptions & { reason?: string; wave?: string }

function addRolloutVerbs(rollout: Command): void {
  const reason = ['--reason <text>', 'why; kept in the audit'] as const
  const newest = ['[name]', 'default: the newest'] as const
  for (const verb of [...rolloutVerbs, ...waveVerbs]) {
    const command = rollout.command(verb).description(verbMeanings[verb])
    if (verb === 'approve' || verb === 'promote')
      command.option('--wave <name>', 'default: the one that waits, or is under way')
    hubOptions(command.argument(...newest).option(...reason)).action(
      (name: string | undefined, options: SaidOptions) =>
        onHub(options, (hub) =>
          sayToRollout(hub, verb, { name, reason: options.reason, wave: options.wave }),
        ),
    )
  }
  for (const verb of siteVerbs)
    hubOptions(
      rollout
        .command(verb)
        .description(verbMeanings[verb])
        .argument('<site>')
        .argument(...newest)
        .option(...reason),
    ).action((site: string, name: string | undefined, options: SaidOptions) =>
      onHub(options, (hub) => sayToRollout(hub, verb, { name, reason: options.reason, site })),
    )
  hubOptions(
    rollout
      .command('explain')
      .description('Why a site is where it is and what it waits for')
      .argument('<site>')
      .argument('[name]', 'default: the newest that the site is part of'),
  ).action((site: string, name: string | undefined, options: HubOptions) =>
    onHub(options, (hub) => explainInRollout(hub, site, name)),
  )
}

function addToken(program: Command): void {
  const token = program.command('token').description('Let devices and people in')
  hubOptions(
    token
      .command('create')
      .description('Make a join token and print it; it is shown this once')
      .option('--uses <count>', 'how many devices it lets in', wholeNumber('--uses', 1, 100_000), 1)
      .option('--valid-for <duration>', 'how long it lets devices in', '24h')
      .option(
        '--site <name...>',
        'sites that may be joined (default: any that has no device yet)',
        [],
      )
      .option('--create-sites', 'make a site that does not exist', false)
      .option('--label <key=value...>', 'with --create-sites: labels of such a site', []),
  ).action(
    async (
      options: HubOptions & {
        label: string[]
        uses: number
        validFor: string
        site: string[]
        createSites: boolean
      },
    ) => {
      const validForMs = parseDuration(options.validFor, '--valid-for')
      const text = await onHub(options, (hub) =>
        createJoinToken(hub, {
          uses: options.uses,
          validForMs,
          sites: options.site,
          createsSites: options.createSites,
          siteLabels: parseLabels(options.label),
        }),
      )
      process.stdout.write(`${text}\n`)
    },
  )
  hubOptions(
    token
      .command('create-api')
      .description('Make a bearer token of the API for a person or a script and print it once')
      .argument('<user>', 'who it is for; shown in the log of changes')
      .option('--role <role>', 'admin may do everything, viewer may read all but secrets', 'viewer')
      .option('--valid-for <duration>', 'how long it counts', '30d'),
  ).action(async (user: string, options: HubOptions & { role: string; validFor: string }) => {
    const validForMs = parseDuration(options.validFor, '--valid-for')
    const { role } = options
    const text = await onHub(options, (hub) => createUserToken(hub, { user, role, validForMs }))
    process.stdout.write(`${text}\n`)
  })
}

function addAgent(program: Command): void {
  const agent = program.command('agent').description('The agent of a device')
  agent
    .command('run')
    .description('Run the agent in the foreground')
    .requiredOption('--data <dir>', 'where it keeps its state')
    .option('--hub <url>', 'the hub, for the first start')
    .option('--join <token>', 'join token, for the first start (default: $SKERRY_JOIN_TOKEN)')
    .option('--site <name>', 'the site to join')
    .option('-n, --namespace <name>', 'the tenant to join', 'default')
    .option('--proxy <url>', 'HTTP proxy to reach the hub through (default: $HTTPS_PROXY)')
    .action(async (options: Record<string, string>) => {
      const passed = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
      process.exitCode = await runProgram([
        process.execPath,
        programPath('@skerry/agent/main'),
        ...passed,
        `--model-server=${programPath('@skerry/inference/server-main')}`,
      ])
    })
  outputOption(
    agent
      .command('status')
      .description('Ask the agent on this machine: its plan and the reason; needs no hub')
      .requiredOption('--data <dir>', 'where it keeps its state'),
  ).action((options: Output & { data: string }) =>
    showAgentStatus(options.data, parseOutputFormat(options.output)),
  )
}

function addBackup(program: Command): void {
  const hubMain = () => programPath('@skerry/hub/main')
  program
    .command('backup')
    .description('Copy all that a hub keeps: database, authority, keys and blobs, together')
    .argument('<dir>', 'a new folder for the backup')
    .option('--data <dir>', 'where the hub keeps its data', '.skerry')
    .action(async (target: string, options: { data: string }) => {
      process.exitCode = await runProgram([
        process.execPath,
        hubMain(),
        'backup',
        '--data',
        `${options.data}/hub`,
        '--to',
        target,
      ])
    })
  program
    .command('restore')
    .description('Make a hub of a backup. Begins a new epoch, so that every site follows it')
    .argument('<dir>', 'the backup')
    .option('--data <dir>', 'where the new hub keeps its data', '.skerry')
    .action(async (source: string, options: { data: string }) => {
      process.exitCode = await runProgram([
        process.execPath,
        hubMain(),
        'restore',
        '--data',
        `${options.data}/hub`,
        '--from',
        source,
      ])
    })
}

function wholeNumber(option: string, min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < min || value > max)
      throw new CommandError(
        `${option} ${text}: must be a whole number from ${min} to ${max}`,
        exitCodes.usage,
      )
    return value
  }
}
