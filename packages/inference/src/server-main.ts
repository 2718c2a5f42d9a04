// The process of one version of one model. See model-server-protocol.ts of @skerry/api for what it says
// to its parent; with --port it needs none and listens on 127.0.0.1 itself.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Socket } from 'node:net'
import { systemClock } from '@skerry/base/clock'
import { createJsonLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import type { FromModelServer, ToModelServer } from '@skerry/api/model-server-protocol'
import { type ServerArguments, parseServerArguments } from './command-line.ts'
import { orphanDeadlineMs } from './limits.ts'
import { readModelFile } from './model-file.ts'
import { ModelServer } from './model-server.ts'
import { type LoadedModel, loadModel } from './model-session.ts'
import type { Refusal } from './model-refusal.ts'
import { warmUp } from './warm-up.ts'

const exitCodes = { usage: 2, refused: 3 } as const
/** The window of what was answered while draining comes unasked, under an id that no collection has. */
const lastWindowId = -1
const standaloneDrainMs = 10_000

const clock = systemClock
const log = createJsonLog(clock, (line) => process.stderr.write(line))

function tell(message: FromModelServer): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve()
    process.send(message, () => resolve())
  })
}

async function load({ file, digest, threads }: ServerArguments): Promise<LoadedModel | Refusal> {
  const reading = await readModelFile(file, digest)
  return reading.ok ? loadModel(reading.bytes, { threads, clock }) : reading
}

/** Serves what the parent hands over, until it says so or dies. */
function serveParent(server: ModelServer): void {
  const end = async (deadlineMs: number, isHasty: boolean) => {
    await server.drain(deadlineMs, isHasty)
    await tell({ type: 'collected', id: lastWindowId, window: server.takeWindow() })
    process.exit(0)
  }
  process.on('message', (message: ToModelServer, handle: unknown) => {
    switch (message.type) {
      case 'connection':
        /** A client may have gone before its connection came here. */
        if (handle instanceof Socket) server.connection(handle)
        return
      case 'collect':
        void tell({ type: 'collected', id: message.id, window: server.takeWindow() })
        return
      case 'drain':
        void end(message.deadlineMs, false)
        return
    }
  })
  process.on('disconnect', () => {
    log.warn('the parent is gone: finishing what is under way')
    void end(orphanDeadlineMs, true)
  })
  if (!process.connected) void end(0, true)
}

async function serveAlone(server: ModelServer, port: number): Promise<void> {
  server.http.listen(port, '127.0.0.1')
  await once(server.http, 'listening')
  const address = server.http.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ type: 'listening', port: address.port })}\n`)
  process.once('SIGTERM', () => void server.drain(standaloneDrainMs).then(() => process.exit(0)))
}

async function main(): Promise<void> {
  const parsed = parseServerArguments(process.argv.slice(2))
  if (!parsed.ok) {
    process.stderr.write(`${parsed.message}\n`)
    process.exit(exitCodes.usage)
  }
  const { values } = parsed
  if (process.send === undefined && values.port === undefined) {
    process.stderr.write('give --port, or start this process with an IPC channel\n')
    process.exit(exitCodes.usage)
  }
  const model = await load(values)
  if (!model.ok) {
    const { reason, message } = model
    const sentence = `The model ${values.model} ${values.version} ${message}.`
    log.error('refused', { reason, message: sentence })
    await tell({ type: 'refused', reason, message: sentence })
    process.exit(exitCodes.refused)
  }
  const { signature, run, selfTestMs } = model
  const identity = { model: values.model, version: values.version, digest: values.digest }
  const options = { identity, signature, run, clock, random: systemRandom, log }
  await warmUp(options)
  const server = new ModelServer(options)
  if (values.port !== undefined) await serveAlone(server, values.port)
  else serveParent(server)
  await tell({ type: 'ready', signature, selfTestMs })
}

await main()
