import { type Socket, createConnection } from 'node:net'
import type { Clock } from '@skerry/base/clock'
import { labLimits } from './limits.ts'
import { MachineError } from './machine-error.ts'

/** The control socket of a running QEMU (QMP): one command at a time, answers by their number. */
export class QemuControl implements Disposable {
  #socket: Socket
  #rest = ''
  #nextId = 1
  #waiting = new Map<number, (reply: Reply) => void>()
  #hasClosed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#receive(text))
    socket.on('error', () => this.#close())
    socket.on('close', () => this.#close())
  }

  /** Connects as soon as QEMU listens; `isRunning` ends the wait when it never will. */
  static async open(path: string, clock: Clock, isRunning: () => boolean): Promise<QemuControl> {
    const deadlineMs = clock.monotonicMs() + labLimits.controlConnectMs
    for (;;) {
      const socket = await connect(path)
      if (socket !== undefined) {
        const control = new QemuControl(socket)
        await control.execute('qmp_capabilities', {}, clock)
        return control
      }
      if (!isRunning()) throw new MachineError('start', 'QEMU ended before it could be controlled')
      if (clock.monotonicMs() > deadlineMs)
        throw new MachineError(
          'start',
          `QEMU did not open its control socket within ${labLimits.controlConnectMs / 1000} s`,
        )
      await clock.sleep(50)
    }
  }

  /** Runs a command and gives what it returns. */
  async execute(command: string, parameters: object, clock: Clock): Promise<unknown> {
    if (this.#hasClosed) throw closedError(command)
    const id = this.#nextId++
    const over = new AbortController()
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve))
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`)
    const late = clock.sleep(labLimits.controlReplyMs, over.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    )
    const outcome = await Promise.race([reply, late])
    over.abort()
    this.#waiting.delete(id)
    if (outcome === 'late')
      throw new MachineError(
        'control',
        `QEMU did not answer ${command} within ${labLimits.controlReplyMs / 1000} s`,
      )
    if (outcome.kind === 'closed') throw closedError(command)
    if (outcome.kind === 'error')
      throw new MachineError('control', `QEMU refused ${command}: ${outcome.message}`)
    return outcome.value
  }

  #receive(text: string): void {
    this.#rest += text
    if (this.#rest.length > labLimits.controlMessageBytesMax) return void this.#socket.destroy()
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
      const message = parseMessage(this.#rest.slice(0, end))
      this.#rest = this.#rest.slice(end + 1)
      if (message !== undefined) this.#waiting.get(message.id)?.(message.reply)
    }
  }

  #close(): void {
    this.#hasClosed = true
    for (const answer of this.#waiting.values()) answer({ kind: 'closed' })
    this.#waiting.clear()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
    this.#close()
  }
}

type Reply =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'closed' }

/** Undefined: a greeting or an event, which nobody has asked for. */
function parseMessage(line: string): { id: number; reply: Reply } | undefined {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof message !== 'object' || message === null || !('id' in message)) return undefined
  const id = Number(message.id)
  if ('error' in message) {
    const { error } = message
    const isWorded = typeof error === 'object' && error !== null && 'desc' in error
    return { id, reply: { kind: 'error', message: isWorded ? String(error.desc) : 'no reason' } }
  }
  return { id, reply: { kind: 'value', value: 'return' in message ? message.return : undefined } }
}

function closedError(command: string): MachineError {
  return new MachineError('control', `QEMU ended before it answered ${command}`)
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', () => resolve(undefined))
  })
}
