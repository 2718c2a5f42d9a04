import type { StatusReport } from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import { deviceKind } from '@skerry/api/kinds/device'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { modelVersionKind } from '@skerry/api/kinds/model'
import { profileKind } from '@skerry/api/kinds/profile'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import type { SiteSpec } from '@skerry/api/site-spec'
import type { State } from '@skerry/api/state'
import { SketchBuilder } from '@skerry/api/sketch'
import { createLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { runControllers } from '@skerry/controller/run-controllers'
import { type AdvancingClock, createSteppedClock } from '@skerry/testing/stepped-clock'
import type { HubStore } from '@skerry/store/hub-store'
import { createMemoryStore } from '@skerry/store/memory-store'
import { inOrder } from '../src/controllers/fleet-sites.ts'
import { createHubControllers } from '../src/controllers/hub-controllers.ts'
import { createSiteReports } from '../src/controllers/site-reports.ts'
import { noCredentials } from '../src/trust/hub-credentials.ts'

const namespace = 'default'

/** How the versions of the demo's model behave, by name. */
const behaviours: Record<string, { accuracy: number; latencyMs: number; breaks?: true }> = {
  v1: { accuracy: 0.945, latencyMs: 2 },
  v2: { accuracy: 0.98, latencyMs: 2 },
  v3: { accuracy: 0.93, latencyMs: 2 },
  v4: { accuracy: 0.98, latencyMs: 100 },
  v5: { accuracy: 0.98, latencyMs: 2, breaks: true },
}

/** The hub's controllers on memory, and sites that do what their specs say. */
export async function createWorld(siteNames: readonly string[], given: Partial<Doors> = {}) {
  const clock = given.clock ?? createSteppedClock(Date.parse('2026-11-21T12:00:00Z'))
  const random = seededRandom(11)
  const store = given.store ?? createMemoryStore({ clock, random })
  const problems: string[] = []
  const log = createLog(({ level, message, fields }) => {
    if (level !== 'info') problems.push(`${message} ${JSON.stringify(fields)}`)
  })
  const reports = createSiteReports({ state: store.state, clock, log })
  const sign = (payloadType: string, bytes: Uint8Array): Envelope => ({
    payloadType,
    payload: Buffer.from(bytes).toString('base64'),
    signatures: [{ keyid: 'k', sig: 's' }],
  })
  const start = () => {
    const stop = new AbortController()
    const state = given.hubState?.(store.state) ?? store.state
    const controllers = createHubControllers({
      store: { ...store, state },
      sign,
      clock,
      credentials: noCredentials,
    })
    const { signal } = stop
    const ended = runControllers({ state, controllers, clock, random, log, signal })
    return { stop, ended }
  }
  let hub = start()
  const sites: SimulatedSite[] = []
  const addSite = async (name: string, labels: Record<string, string> = {}) => {
    const site = await store.state.create(siteKind, { metadata: { name, namespace, labels } })
    await store.state.create(deviceKind, {
      metadata: { name: `${name}-1`, namespace },
      spec: { site: name, publicKeyDigest: 'x' },
    })
    const simulated = new SimulatedSite(site, { store, reports, clock, random })
    sites.push(simulated)
    await simulated.connect()
    return simulated
  }
  for (const name of siteNames) await addSite(name)
  return {
    clock,
    store,
    state: store.state,
    problems,
    reports,
    sites,
    addSite,
    pushModel: (version: string) =>
      store.state.create(modelVersionKind, {
        metadata: { name: `digits-${version}`, namespace },
        spec: {
          model: 'digits',
          version,
          repository: 'models/default/digits',
          manifestDigest: `sha256:${'0'.repeat(63)}${version.slice(1)}`,
          digest: `sha256:${'a'.repeat(63)}${version.slice(1)}`,
          sizeBytes: 1000,
        },
      }),
    createProfile: () =>
      store.state.create(profileKind, {
        metadata: { name: 'sorting', namespace },
        spec: {
          layers: [
            { name: 'digits', type: 'model', model: { name: 'digits' } },
            { name: 'feeder', type: 'workload', workload: { command: ['feed', '${site.LINE}'] } },
          ],
        },
      }),
    createFleet: (rollout: object = {}) =>
      store.state.create(fleetKind, {
        metadata: { name: 'depots', namespace },
        spec: {
          profile: 'sorting',
          rollout: {
            soakSeconds: 10,
            gates: [
              { metric: 'ErrorRate', maxIncrease: 0.02, minSamples: 50 },
              { metric: 'LatencyP99', maxMilliseconds: 25, minSamples: 50 },
              { metric: 'Accuracy', maxDrop: 0.03, minSamples: 50 },
            ],
            ...rollout,
          },
        },
      }),
    setVariable: async (name: string, value: string) => {
      for (const { name: site } of sites) {
        const object = (await store.state.get(siteKind, { namespace, name: site }))!
        const spec = { ...object.spec, variables: { ...object.spec.variables, [name]: value } }
        await store.state.update(siteKind, { ...object, spec })
      }
    },
    rollout: async (): Promise<Rollout | undefined> =>
      inOrder((await store.state.list(rolloutKind)).items).at(-1),
    site: async (name: string): Promise<Site> =>
      (await store.state.get(siteKind, { namespace, name }))!,
    fleet: async () => (await store.state.get(fleetKind, { namespace, name: 'depots' }))!,
    /** Lets time pass, second by second, with every site at work. */
    run: async (seconds: number, until: () => Promise<boolean> = async () => false) => {
      for (let second = 0; second < seconds; second += 1) {
        for (const site of sites) await site.work()
        await clock.advance(1000)
        if (await until()) return second
      }
      return seconds
    },
    /** The hub ends in the middle of whatever it does, and another takes over. */
    restart: async () => {
      hub.stop.abort()
      await hub.ended
      hub = start()
    },
    [Symbol.asyncDispose]: async () => {
      hub.stop.abort()
      await hub.ended
      await store[Symbol.asyncDispose]()
    },
  }
}

type Doors = {
  readonly store: HubStore
  readonly clock: AdvancingClock
  /** What the controllers see of the state, for faults. */
  readonly hubState: (state: State) => State
}

type Parts = Pick<Doors, 'store' | 'clock'> & {
  readonly reports: ReturnType<typeof createSiteReports>
  readonly random: ReturnType<typeof seededRandom>
}

/** An agent of which only the outside is here: takes specs, runs them, reports and measures. */
export class SimulatedSite {
  readonly name: string
  isConnected = false
  spec: SiteSpec | undefined
  applied: SiteSpec | undefined
  readonly #uid: string
  readonly #parts: Parts
  readonly #failed: StatusReport['failed'] = []
  #sequence = 0
  #record = 0

  constructor(site: Site, parts: Parts) {
    this.name = site.metadata.name
    this.#uid = site.metadata.uid
    this.#parts = parts
  }

  get #identity() {
    return { namespace, site: this.name, siteUid: this.#uid, device: `${this.name}-1` }
  }

  /** `v2` */
  get version(): string | undefined {
    return this.applied?.layers.find((layer) => layer.model !== undefined)?.model?.version
  }

  async connect(): Promise<void> {
    this.isConnected = true
    await this.#parts.reports.onPresence(this.#identity, 'connected')
  }

  async disconnect(): Promise<void> {
    this.isConnected = false
    await this.#parts.reports.onPresence(this.#identity, 'disconnected')
  }

  /** A second of work. */
  async work(): Promise<void> {
    await this.#measure()
    if (!this.isConnected) return
    const stored = await this.#parts.store.specs.get(this.#uid)
    if (stored !== undefined) {
      const { payload } = JSON.parse(stored.envelope) as Envelope
      this.spec = JSON.parse(Buffer.from(payload, 'base64').toString()) as SiteSpec
      this.#apply(this.spec)
    }
    await this.report()
  }

  async report(): Promise<void> {
    this.#sequence += 1
    const { spec, applied } = this
    const version = (each: SiteSpec) => ({ epoch: each.epoch, revision: each.revision })
    await this.#parts.reports.onReport(this.#identity, {
      bootId: 'boot',
      sequence: this.#sequence,
      agentVersion: '0.1.0',
      architecture: 'x64',
      health: 'Healthy',
      ...(spec === undefined ? {} : { target: version(spec) }),
      ...(applied === undefined ? {} : { applied: version(applied) }),
      isSettled: true,
      layers: (applied?.layers ?? []).map((layer) => ({
        name: layer.name,
        type: layer.type,
        digest: layer.digest,
        ...(layer.model === undefined ? {} : { version: layer.model.version }),
        state: 'Running' as const,
        restarts: 0,
      })),
      ...(spec?.prefetch?.isOpen === true
        ? { fetched: spec.prefetch.layers.map(({ digest }) => digest) }
        : {}),
      failed: this.#failed,
    })
  }

  #apply(spec: SiteSpec): void {
    const broken = spec.layers.find(
      (layer) => behaviours[layer.model?.version ?? '']?.breaks === true,
    )
    if (broken === undefined) {
      this.applied = spec
      return
    }
    const { name: layer, digest, attempt } = broken
    const isKnown = this.#failed.some((each) => each.digest === digest && each.attempt >= attempt)
    if (!isKnown) this.#failed.push({ layer, digest, attempt, message: 'self-test failed' })
  }

  async #measure(): Promise<void> {
    const layer = this.applied?.layers.find((each) => each.model !== undefined)
    const behaviour = behaviours[layer?.model?.version ?? '']
    if (layer?.model === undefined || behaviour === undefined) return
    const { clock, random, store } = this.#parts
    const latency = new SketchBuilder()
    const requests = 8
    let correct = 0
    for (let at = 0; at < requests; at += 1) {
      latency.add(behaviour.latencyMs)
      if (random.next() < behaviour.accuracy) correct += 1
    }
    this.#record += 1
    await store.rollups.append({
      siteUid: this.#uid,
      bootId: 'boot',
      rollups: [
        {
          namespace,
          site: this.name,
          model: layer.model.name,
          version: layer.model.version,
          digest: layer.digest,
          startMs: clock.now() - 1000,
          endMs: clock.now(),
          requests,
          errors: 0,
          judged: requests,
          correct,
          latencyMs: latency.toSketch(),
          confidence: latency.toSketch(),
          classes: {},
          sequence: this.#record,
        },
      ],
    })
  }
}
