import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import { type CurrentModel, isSameContent } from '@skerry/planner/site-state'
import { type Connection, type Host, PortError } from '../host.ts'
import type { StateFile } from '../state/state-file.ts'
import type { Children } from './children.ts'
import { noCrashes } from './crash-count.ts'
import { type ModelPort, openModelPort } from './model-port.ts'
import { type MeasuredWindow, ModelProcess } from './model-process.ts'
import type { ProcessLogs } from './rotating-log.ts'

/**
 * The processes of the models, and the addresses that stay while they come and go. It does as it is
 * told; the planner decides.
 */
export type ModelRuntime = {
  observe(): CurrentModel[]
  ports(): Record<string, number>
  /** Listens for a layer's clients: on this port, on the one it had before, or on one that is free. */
  openPort(layer: string, port: number | undefined): Promise<void>
  /** Loads a model beside whatever serves; content that ended is started again. */
  start(content: SiteLayer): void
  /** New connections go to this process; the one before keeps those that it has. */
  switchTo(instance: string): void
  /** Lets a process finish what it has, or ends one that never served. */
  drain(instance: string): void
  /** Closes the address and lets the processes finish. */
  closeLayer(layer: string): Promise<void>
  /** Asks each process for its measurements; they come by `onWindow`. */
  collect(): void
  /** Ends everything; resolves when nothing runs. */
  stopAll(): Promise<void>
}

export type ModelRuntimeOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  readonly logs: ProcessLogs
  /** Program and arguments that start a model's process. */
  readonly modelServer: readonly string[]
  /** The ports that layers had before. */
  readonly remembered: StateFile<Readonly<Record<string, number>>>
  readonly fileOf: (digest: string) => string
  readonly onChange: () => void
  readonly onWindow: (measured: MeasuredWindow) => void
}

export function createModelRuntime(options: ModelRuntimeOptions): ModelRuntime {
  return new ProcessModelRuntime(options)
}

class ProcessModelRuntime implements ModelRuntime {
  readonly #options: ModelRuntimeOptions
  readonly #processes = new Map<string, ModelProcess>()
  readonly #ports = new Map<string, ModelPort>()
  #nextInstance = 1

  constructor(options: ModelRuntimeOptions) {
    this.#options = options
  }

  observe(): CurrentModel[] {
    return [...this.#processes.values()].map((process) => process.observe())
  }

  ports(): Record<string, number> {
    return Object.fromEntries([...this.#ports].map(([layer, { port }]) => [layer, port]))
  }

  async openPort(layer: string, wanted: number | undefined): Promise<void> {
    const { host, remembered } = this.#options
    const before = (await remembered.read()) ?? {}
    // Two layers may swap their ports: the old one is let go first.
    const open = this.#ports.get(layer)
    this.#ports.delete(layer)
    await open?.[Symbol.asyncDispose]()
    const tries = wanted === undefined ? [before[layer] ?? 0, 0] : [wanted]
    const port = await openFirst(host, layer, tries)
    this.#ports.set(layer, port)
    this.#route(layer)
    if (before[layer] !== port.port) await remembered.write({ ...before, [layer]: port.port })
  }

  start(content: SiteLayer): void {
    const ended = this.#ofLayer(content.name).find(
      (process) => process.phase === 'Ended' && isSameContent(process.content, content),
    )
    if (ended !== undefined) this.#processes.delete(ended.instance)
    const instance = `${content.model?.version ?? content.name}-${this.#nextInstance++}`
    const count =
      ended === undefined ? noCrashes : { ...ended.count, restarts: ended.count.restarts + 1 }
    const { fileOf, ...rest } = this.#options
    const file = fileOf(content.digest)
    const onChange = () => this.#changed(content.name)
    const onReturn = (connection: Connection) => this.#takeBack(content.name, connection)
    this.#processes.set(
      instance,
      new ModelProcess({ ...rest, file, content, instance, count, onChange, onReturn }),
    )
    this.#changed(content.name)
  }

  switchTo(instance: string): void {
    const next = this.#processes.get(instance)
    if (next?.phase !== 'Ready') return
    const { name } = next.content
    assert(this.#ports.has(name), `layer ${name} listens before it serves`)
    for (const other of this.#ofLayer(name)) if (other.phase === 'Serving') other.replace()
    next.serve()
    this.#changed(name)
  }

  drain(instance: string): void {
    const process = this.#processes.get(instance)
    if (process === undefined) return
    void this.#forgetWhenGone(process)
    process.drain()
    this.#changed(process.content.name)
  }

  async closeLayer(layer: string): Promise<void> {
    const port = this.#ports.get(layer)
    this.#ports.delete(layer)
    await port?.[Symbol.asyncDispose]()
    for (const process of this.#ofLayer(layer)) this.drain(process.instance)
  }

  collect(): void {
    for (const process of this.#processes.values()) process.collect()
  }

  async stopAll(): Promise<void> {
    for (const port of this.#ports.values()) await port[Symbol.asyncDispose]()
    this.#ports.clear()
    const all = [...this.#processes.values()]
    for (const process of all) process.stop()
    await Promise.all(all.map((process) => process.gone))
  }

  async #forgetWhenGone(process: ModelProcess): Promise<void> {
    if (process.phase !== 'Ended') await process.gone
    this.#processes.delete(process.instance)
    this.#changed(process.content.name)
  }

  #ofLayer(layer: string): ModelProcess[] {
    return [...this.#processes.values()].filter((process) => process.content.name === layer)
  }

  #takeBack(layer: string, connection: Connection): void {
    const port = this.#ports.get(layer)
    if (port === undefined) connection.refuse('')
    else port.accept(connection)
  }

  #changed(layer: string): void {
    this.#route(layer)
    this.#options.onChange()
  }

  /** Connections go to whoever serves; when nobody does, they wait. */
  #route(layer: string): void {
    const serving = this.#ofLayer(layer).find((process) => process.phase === 'Serving')
    this.#ports.get(layer)?.serveBy(serving && ((connection) => serving.handOver(connection)))
  }
}

async function openFirst(host: Host, layer: string, tries: readonly number[]): Promise<ModelPort> {
  for (const [index, port] of tries.entries())
    try {
      return await openModelPort(host, layer, port)
    } catch (error) {
      if (!(error instanceof PortError) || index === tries.length - 1) throw error
    }
  throw new PortError(`no port was tried for ${layer}`)
}
