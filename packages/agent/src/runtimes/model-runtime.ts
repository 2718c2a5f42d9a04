import type { SiteLayer } from '@skerry/api/site-spec'
import { assert } from '@skerry/base/assert'
import { type CurrentModel, isSameContent } from '@skerry/planner/site-state'
import { type Host, PortError } from '../host.ts'
import type { StateFile } from '../state/state-file.ts'
import type { Children } from './children.ts'
import { noCrashes } from './crash-count.ts'
import { type ModelPort, openModelPort } from './model-port.ts'
import { type MeasuredWindow, ModelProcess } from './model-process.ts'

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
  stopAll(): Promise<void>
}

export type ModelRuntimeOptions = {
  readonly host: Host
  readonly children: Children
  readonly data: string
  /** Program and arguments that start a model's process. */
  readonly modelServer: readonly string[]
  /** The ports that layers had before. */
  readonly remembered: StateFile<Readonly<Record<string, number>>>
  fileOf(digest: string): string
  onChange(): void
  onWindow(measured: MeasuredWindow): void
}

export function createModelRuntime(options: ModelRuntimeOptions): ModelRuntime {
  const { host } = options
  const processes = new Map<string, ModelProcess>()
  const ports = new Map<string, ModelPort>()
  let nextInstance = 1

  const ofLayer = (layer: string) =>
    [...processes.values()].filter((process) => process.content.name === layer)

  /** A process that ended as asked leaves nothing; one that crashed stays to be seen. */
  const whenChanged = (): void => {
    for (const process of processes.values()) {
      if (process.phase !== 'Ended') continue
      if (!ofLayer(process.content.name).some((each) => each.phase === 'Serving'))
        ports.get(process.content.name)?.serveBy(undefined)
    }
    options.onChange()
  }

  const start = (content: SiteLayer): void => {
    const ended = ofLayer(content.name).find(
      (process) => process.phase === 'Ended' && isSameContent(process.content, content),
    )
    if (ended !== undefined) processes.delete(ended.instance)
    const instance = `${content.model?.version ?? content.name}-${nextInstance++}`
    const count =
      ended === undefined ? noCrashes : { ...ended.count, restarts: ended.count.restarts + 1 }
    const { data, modelServer, children, onWindow } = options
    const file = options.fileOf(content.digest)
    const onChange = whenChanged
    const launch = { host, children, data, modelServer, file, content, instance, count }
    const process = new ModelProcess({ ...launch, onChange, onWindow })
    processes.set(instance, process)
    whenChanged()
  }

  const drain = (instance: string): void => {
    const process = processes.get(instance)
    if (process === undefined) return
    const forget = () => {
      processes.delete(instance)
      whenChanged()
    }
    if (process.phase === 'Ended') return forget()
    process.drain()
    void process.gone.then(forget)
    whenChanged()
  }

  return {
    start,
    drain,
    observe: () => [...processes.values()].map((process) => process.observe()),
    ports: () => Object.fromEntries([...ports].map(([layer, { port }]) => [layer, port])),
    openPort: (layer, port) => openLayerPort(options, ports, layer, port),
    switchTo(instance) {
      const next = processes.get(instance)
      if (next?.phase !== 'Ready') return
      const { name } = next.content
      const port = ports.get(name)
      assert(port !== undefined, `layer ${name} listens before it serves`)
      next.serve()
      port.serveBy((connection) => next.handOver(connection))
      for (const other of ofLayer(name))
        if (other !== next && other.phase === 'Serving') other.replace()
      whenChanged()
    },
    async closeLayer(layer) {
      const port = ports.get(layer)
      ports.delete(layer)
      await port?.[Symbol.asyncDispose]()
      for (const process of ofLayer(layer)) drain(process.instance)
    },
    collect() {
      for (const process of processes.values()) process.collect()
    },
    async stopAll() {
      for (const port of ports.values()) await port[Symbol.asyncDispose]()
      ports.clear()
      for (const process of processes.values()) process.kill()
      await Promise.all([...processes.values()].map((process) => process.gone))
    },
  }
}

async function openLayerPort(
  { host, remembered }: ModelRuntimeOptions,
  ports: Map<string, ModelPort>,
  layer: string,
  wanted: number | undefined,
): Promise<void> {
  const before = (await remembered.read()) ?? {}
  // Two layers may swap their ports: the old one is let go first.
  const open = ports.get(layer)
  ports.delete(layer)
  await open?.[Symbol.asyncDispose]()
  const port = await openFirst(
    host,
    layer,
    wanted === undefined ? [before[layer] ?? 0, 0] : [wanted],
  )
  ports.set(layer, port)
  if (before[layer] !== port.port) await remembered.write({ ...before, [layer]: port.port })
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
