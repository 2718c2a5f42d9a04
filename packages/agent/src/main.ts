// The agent of a device. Everything that touches the machine goes through `Host`.
import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import {
  type ParsedArguments,
  type ParsedNodeArguments,
  parseAgentArguments,
  parseNodeArguments,
  usage,
} from './agent-arguments.ts'

const exitCodes = { ended: 0, failed: 1, usage: 2 } as const

/** A file is run by the Node.js that runs the agent; anything else is a program on the path. */
function modelServerCommand(given: string | undefined): readonly string[] {
  const server = given ?? defaultModelServer()
  const isScript = ['.ts', '.mjs', '.js', '.cjs'].includes(extname(server)) && existsSync(server)
  return isScript ? [process.execPath, resolve(server)] : server.split(' ')
}

/** As it is shipped, the model server lies beside the agent; in the repository, in its package. */
function defaultModelServer(): string {
  const beside = fileURLToPath(new URL('model-server.mjs', import.meta.url))
  if (existsSync(beside)) return beside
  return fileURLToPath(import.meta.resolve('@skerry/inference/server-main'))
}

/**
 * An agent does little and for years: a small heap is worth more to its device than speed, and machine
 * code that is made for a loop is never paid back (processor time is the same without). Asked of V8 here
 * and not on the command line, so that it holds however the agent is started: 68 MiB instead of 76. What is
 * loaded afterwards is compiled anew, as the code that comes with Node.js was made for other flags: so all is loaded
 * before.
 */
function preferSmallOverFast(): void {
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString('--semi-space-growth-factor=1')
  for (const compiler of ['opt', 'maglev', 'sparkplug']) setFlagsFromString(`--no-${compiler}`)
}

function stopOnSignals(): AbortController {
  const stopping = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.once(name, () => stopping.abort(new Error(`${name} was received`)))
  return stopping
}

/** On a machine that runs from an image of ours. */
async function runOnNode(words: Extract<ParsedNodeArguments, { ok: true }>): Promise<number> {
  const { signal } = stopOnSignals()
  process.stdout.on('error', () => {})
  // Before all that takes time: whoever looks at the console knows that the image has come so far.
  process.stdout.write('skerry: the agent starts\n')
  const { data, images, heartbeatMs } = words
  const modelServer = modelServerCommand(words.modelServer)
  // Loaded here alone: an agent on any other machine needs neither cloud-config nor slots.
  const { startNode } = await import('./os/start-node.ts')
  const { createDeviceNetwork } = await import('@skerry/client/device-connection')
  const network = createDeviceNetwork({ clock: systemClock })
  preferSmallOverFast()
  try {
    await startNode({ data, images, heartbeatMs, modelServer, network }, signal)
    return exitCodes.ended
  } catch (error) {
    process.stdout.write(`skerry: the agent ended: ${toError(error).message}\n`)
    return exitCodes.failed
  }
}

/** Beside whatever else a machine does, in a directory of its own. */
async function runOnHost(words: Extract<ParsedArguments, { ok: true }>): Promise<number> {
  const { signal } = stopOnSignals()
  const { runInDirectory } = await import('./run-in-directory.ts')
  preferSmallOverFast()
  const modelServer = modelServerCommand(words.modelServer)
  const hasEnded = await runInDirectory({ ...words.config, modelServer }, signal)
  return hasEnded ? exitCodes.ended : exitCodes.failed
}

async function main(): Promise<number> {
  // Whoever read the log may be gone: the site goes on without.
  process.stderr.on('error', () => {})
  const words = process.argv.slice(2)
  const ofNode = parseNodeArguments(words)
  if (ofNode?.ok === true) return runOnNode(ofNode)
  const parsed = ofNode ?? parseAgentArguments(words, process.env)
  if (parsed.ok) return runOnHost(parsed)
  process.stderr.write(`${parsed.message}\n\n${usage}\n`)
  return exitCodes.usage
}

process.exit(await main())
