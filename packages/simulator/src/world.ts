import { createHash } from 'node:crypto'
import { systemNamespace } from '@skerry/api/api-token'
import { digestOf } from '@skerry/artifact/digest-of'
import { namespaceKind } from '@skerry/api/kinds/core'
import { joinTokenKind } from '@skerry/api/kinds/enrolment'
import type { Digest } from '@skerry/base/digest'
import { type LogLevel, createLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { createMemoryStore } from '@skerry/store/memory-store'
import { type Witness, noWitness } from './check/witness.ts'
import { createDeviceCertificates } from './hub/device-certificates.ts'
import { createHubKeys } from './hub/hub-keys.ts'
import { type HubEstate, startHub } from './hub/simulated-hub.ts'
import type { HubDoor } from './link/device-network.ts'
import { type ModelBehaviour, refusingModel, servingModel } from './machine/model-behaviour.ts'
import { SiteMachine } from './machine/site-machine.ts'
import { forbidRealDoors } from './time/forbid-real-doors.ts'
import { createLife } from './time/life.ts'
import { type Timeline, createTimeline } from './time/timeline.ts'
import { createProcessClock } from './time/wall-clock.ts'
import { type Trace, createTrace } from './trace.ts'

export type WorldOptions = {
  readonly seed: number
  readonly sites: number
  /** How often a site tells its status when nothing changes. */
  readonly heartbeatMs?: number
  readonly witness?: Witness
  readonly behaviours?: Readonly<Record<string, ModelBehaviour>>
}

export type LoggedLine = {
  readonly atMs: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: object
}

export const worldStartMs = Date.UTC(2026, 10, 21)
export const namespace = 'default'
const secret = 'the-secret-of-the-simulated-token'

const behavioursDefault: Readonly<Record<string, ModelBehaviour>> = {
  bad: refusingModel('the self-test answered wrongly'),
}

/** A hub and its sites, in one time, from one seed. Real doors are closed while it exists. */
export class World implements AsyncDisposable {
  readonly timeline: Timeline = createTimeline()
  readonly trace: Trace = createTrace()
  readonly sites: SiteMachine[] = []
  readonly estate: HubEstate
  /** What was logged as a warning or worse. */
  readonly logged: LoggedLine[] = []
  /** What must never happen. */
  readonly bugs: Error[] = []
  readonly hubWall = { offsetMs: 0 }
  readonly options: WorldOptions
  #hub: HubDoor | undefined
  #hubRuns = 0
  readonly #doors: Disposable
  readonly #immortal = createLife()

  constructor(options: WorldOptions) {
    this.options = options
    this.#doors = forbidRealDoors((run) => void this.timeline.after(0, run))
    const clock = this.#clockOf(this.#immortal)
    this.estate = {
      store: createMemoryStore({ clock, random: seededRandom(options.seed) }),
      keys: createHubKeys(),
      certificates: createDeviceCertificates(),
      blobs: new Map(),
    }
    for (let index = 0; index < options.sites; index += 1) this.#addSite(index)
  }

  get state() {
    return this.estate.store.state
  }

  get hub(): HubDoor | undefined {
    return this.#hub?.life.isOver === false ? this.#hub : undefined
  }

  /** A hub, a join token, and every machine switched on within a while. */
  async begin(withinMs = 10_000): Promise<void> {
    const { state } = this
    await state.create(namespaceKind, { metadata: { name: systemNamespace } })
    await state.create(joinTokenKind, {
      metadata: { name: 'all', namespace },
      spec: {
        tokenDigest: createHash('sha256').update(secret).digest('hex'),
        expirationTime: '2027-11-21T00:00:00Z',
        usesMax: 100_000,
        createsSites: true,
      },
    })
    this.startHub()
    const random = seededRandom(this.options.seed ^ 0x5eed)
    for (const site of this.sites) this.timeline.after(withinMs * random.next(), () => site.start())
  }

  startHub(): void {
    if (this.hub !== undefined) return
    this.#hubRuns += 1
    this.#hub = startHub({
      estate: this.estate,
      clockOf: (life) => this.#clockOf(life),
      random: seededRandom(this.options.seed + this.#hubRuns),
      log: this.#log(),
      identity: 'the-hub',
      witness: this.options.witness ?? noWitness,
      onBug: (error) => this.bugs.push(error),
    })
  }

  killHub(): void {
    const hub = this.#hub
    hub?.life.end()
    for (const wire of hub?.wires ?? []) wire.end('hub', 'the hub died')
  }

  /** Lets time pass until `isOver`, which is asked every so often, or the limit. Returns what passed. */
  async run(limitMs: number, isOver?: () => boolean): Promise<number> {
    const { timeline } = this
    const startMs = timeline.elapsedMs
    await timeline.runUntil(startMs + limitMs, () => this.bugs.length > 0 || isOver?.() === true)
    const [bug] = this.bugs
    if (bug !== undefined) throw bug
    return timeline.elapsedMs - startMs
  }

  /** Gives the hub a file, and returns its name. */
  addBlob(bytes: Buffer): Digest {
    const digest = digestOf(bytes)
    this.estate.blobs.set(digest, bytes)
    return digest
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.sites) site.losePower()
    this.#hub?.life.end()
    this.#immortal.end()
    await this.estate.store[Symbol.asyncDispose]()
    this.#doors[Symbol.dispose]()
  }

  #addSite(index: number): void {
    const { seed, heartbeatMs = 60_000, behaviours = behavioursDefault } = this.options
    const { timeline, trace } = this
    this.sites.push(
      new SiteMachine({
        timeline,
        trace,
        startMs: worldStartMs,
        name: `site-${String(index).padStart(5, '0')}`,
        seed: Math.imul(seed + 1, 0x9e3779b1) + index,
        hub: () => this.hub,
        join: { name: 'all', secret, authorityDigest: '0'.repeat(64) },
        heartbeatMs,
        behaviourOf: (version) =>
          behaviours[version] ?? servingModel({ accuracy: 0.95, latencyMs: 3 }),
        log: this.#log(),
        onBug: (error) => this.bugs.push(error),
      }),
    )
  }

  #clockOf(life: ReturnType<typeof createLife>) {
    const { timeline, hubWall: wall } = this
    return createProcessClock({ timeline, startMs: worldStartMs, wall, life })
  }

  #log() {
    return createLog(({ level, message, fields }) => {
      if (level === 'info' || level === 'debug') return
      this.logged.push({ atMs: this.timeline.elapsedMs, level, message, fields })
    })
  }
}
