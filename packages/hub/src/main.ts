import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { createJsonLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { describeGraph } from '@skerry/controller/describe-graph'
import { beginNewEpoch } from '@skerry/store/begin-new-epoch'
import { createMemoryStore } from '@skerry/store/memory-store'
import { backUp, restore } from './backup.ts'
import { createHubControllers } from './controllers/hub-controllers.ts'
import { hubUsage, parseHubOptions } from './hub-options.ts'
import type { Tools } from './hub-parts.ts'
import { noCredentials } from './trust/hub-credentials.ts'
import { collectWhenIdle } from './idle-collection.ts'
import { openHub } from './open-hub.ts'
import { isKeyRing, keyRings, rotateKeys } from './rotate-keys.ts'

const log = createJsonLog(systemClock, (line) => process.stderr.write(line))
const tools: Tools = { clock: systemClock, random: systemRandom, log }
const [command, ...rest] = process.argv.slice(2)

try {
  if (command === 'backup') await runBackup(rest)
  else if (command === 'restore') await runRestore(rest)
  else if (command === 'begin-epoch') await runBeginEpoch(rest)
  else if (command === 'graph') printGraph()
  else if (command === 'rotate-keys') await runRotateKeys(rest)
  else await runHub(process.argv.slice(2))
} catch (thrown) {
  const error = toError(thrown)
  log.error(error.message, { stack: error.stack })
  process.exitCode = 1
}

async function runHub(args: readonly string[]): Promise<void> {
  const parsed = parseHubOptions(args, process.env)
  if (!parsed.ok) return complain(parsed.message)
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop())
  await using hub = await openHub(parsed.options, tools)
  using _ = collectWhenIdle(systemClock)
  log.info('The hub is ready.', { server: hub.server, gateway: hub.gateway })
  await stopped
  log.info('The hub stops.')
}

async function runBackup(args: readonly string[]): Promise<void> {
  const { data, to } = foldersOf(args)
  if (data === undefined || to === undefined)
    return complain('backup needs --data DIR and --to DIR')
  await backUp(data, to, tools)
  process.stdout.write(`Backed up ${data} to ${to}.\n`)
}

async function runRestore(args: readonly string[]): Promise<void> {
  const { data, from } = foldersOf(args)
  if (data === undefined || from === undefined)
    return complain('restore needs --data DIR and --from DIR')
  const epoch = await restore(from, data, tools)
  process.stdout.write(`Restored ${from} to ${data}; this is epoch ${epoch}.\n`)
}

async function runBeginEpoch(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { 'database-url': { type: 'string', default: process.env['SKERRY_DATABASE_URL'] } },
  })
  const databaseUrl = values['database-url']
  if (databaseUrl === undefined) return complain('begin-epoch needs --database-url URL')
  process.stdout.write(`This is epoch ${await beginNewEpoch(databaseUrl)}.\n`)
}

async function runRotateKeys(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      ring: { type: 'string' },
      'withdraw-old': { type: 'boolean', default: false },
    },
  })
  const { data, ring = '', 'withdraw-old': withdraws } = values
  if (data === undefined || !isKeyRing(ring))
    return complain(`rotate-keys needs --data DIR and --ring ${keyRings.join(', ')}`)
  const told = await rotateKeys({ data: resolve(data), ring, withdraws }, systemClock)
  process.stdout.write(`${told}\n`)
}

/** Nothing of them runs: their declarations are read, over a store that holds nothing. */
function printGraph(): void {
  const sign = () => {
    throw new Error('Broken assumption: a controller signs before it is run')
  }
  const controllers = createHubControllers({
    store: createMemoryStore(tools),
    sign,
    clock: tools.clock,
    credentials: noCredentials,
  })
  process.stdout.write(`${describeGraph(controllers)}\n`)
}

function foldersOf(args: readonly string[]) {
  const path = { type: 'string' } as const
  const { values } = parseArgs({ args: [...args], options: { data: path, to: path, from: path } })
  const absolute = (text: string | undefined) => (text === undefined ? undefined : resolve(text))
  return { data: absolute(values.data), to: absolute(values.to), from: absolute(values.from) }
}

function complain(message: string): void {
  process.stderr.write(`hub: ${message}\n\n${hubUsage}`)
  process.exitCode = 2
}
