import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FromModelServer, ToModelServer } from '@skerry/api/model-server-protocol'

export const serverMain = fileURLToPath(new URL('../src/server-main.ts', import.meta.url))
export const inspectMain = fileURLToPath(new URL('../src/inspect-main.ts', import.meta.url))

/** A directory with files of its own, gone at the end. */
export function scratch(): {
  readonly path: string
  readonly file: (name: string, bytes: Uint8Array) => string
} & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'skerry-inference-'))
  return {
    path,
    file: (name, bytes) => {
      writeFileSync(join(path, name), bytes)
      return join(path, name)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export const digestOf = (file: string): string =>
  `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`

/** A model's process as an agent has it: with its messages, and how it ended. */
export class ModelProcess {
  readonly child: ChildProcess
  readonly messages: FromModelServer[] = []
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>
  errors = ''

  constructor(
    file: string,
    more: { readonly digest?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    const digest = more.digest ?? digestOf(file)
    const args = ['--file', file, '--model', 'digits', '--version', 'v1', '--digest', digest]
    this.child = fork(serverMain, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...(more.env === undefined ? {} : { env: more.env }),
    })
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString()
    })
    this.child.on('message', (message) => this.messages.push(message as FromModelServer))
    this.exit = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => resolve({ code, signal }))
    })
  }

  /** The first message of a type; rejects if the process ends before it comes. */
  async message<T extends FromModelServer['type']>(
    type: T,
  ): Promise<Extract<FromModelServer, { type: T }>> {
    let hasEnded = false
    void this.exit.then(() => {
      hasEnded = true
    })
    while (true) {
      const found = this.messages.find((message) => message.type === type)
      if (found !== undefined) return found as Extract<FromModelServer, { type: T }>
      if (hasEnded) throw new Error(`the process ended before ${type}: ${this.errors}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  send(message: ToModelServer): void {
    this.child.send(message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exit
  }
}

/** A listening socket whose connections go to whichever process serves now, as the agent does it. */
export class HandOver {
  readonly #listener = createServer({ pauseOnConnect: true })
  serving: ModelProcess | undefined
  port = 0

  async listen(): Promise<void> {
    this.#listener.on('connection', (socket) => {
      this.serving!.child.send({ type: 'connection' } satisfies ToModelServer, socket)
    })
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
    this.port = (this.#listener.address() as AddressInfo).port
  }

  [Symbol.dispose](): void {
    this.#listener.close()
  }
}
