import assert from 'node:assert/strict'
import { type Rollout, type RolloutStatus, rolloutKind } from '@skerry/api/kinds/rollout'
import { applyDefaults } from '@skerry/api/schema-defaults'
import { toTimestamp } from '@skerry/base/clock'
import { type RolloutDecision, decideRollout } from '../decide-rollout.ts'
import { type Numbers, noNumbers } from '../measurement.ts'
import type { RolloutFacts, SiteFacts } from '../rollout-facts.ts'

type Content = 'v1' | 'v2'
export type FakeSite = {
  name: string
  connectivity: SiteFacts['connectivity']
  assigned: SiteFacts['assigned']
  /** It has the files of the new revision. */
  fetched: boolean
  runs: Content | undefined
  breaks: boolean
  failed: SiteFacts['failed'][number][]
  health: SiteFacts['health']
  /** Restarts of the machine by itself. */
  restarts: number
  /** What is wrong with its operating system, which runs all the same. */
  ailment?: string
  /** It has all that it needs and waits for its window. */
  waits: boolean
  labels: Record<string, string>
  timeZone: string
  /** Another fleet that is changing it. */
  busyWith: string | undefined
  /** How often it must be told to obey before a change is done. */
  takes: number
}

type SiteRequests = NonNullable<Rollout['spec']['control']['sites']>
type WaveRequests = NonNullable<Rollout['spec']['control']['waves']>

/** A fleet that does what it is told at once, unless a test says otherwise. */
export class World {
  nowMs = Date.parse('2026-11-21T12:00:00Z')
  rollout: Rollout
  sites: FakeSite[]
  next: Numbers = noNumbers
  running: Numbers = noNumbers
  newer: string | undefined
  changedOs: RolloutFacts['changedOs']
  withoutModels = false
  #measured: RolloutFacts['measurements'] = []
  isRevisionGone = false
  events: string[] = []
  /** Sites whose wave has ever started. */
  readonly reached = new Set<string>()

  constructor(names: string[], policy: object = {}, previousRevision: string | null = 'p-v1') {
    this.sites = names.map((name) => ({
      name,
      connectivity: 'Online',
      assigned:
        previousRevision === null ? undefined : { profileRevision: previousRevision, attempt: 0 },
      runs: previousRevision === null ? undefined : 'v1',
      breaks: false,
      failed: [],
      health: 'Healthy',
      restarts: 0,
      waits: false,
      fetched: false,
      labels: {},
      timeZone: 'UTC',
      busyWith: undefined,
      takes: 0,
    }))
    const body = applyDefaults(rolloutKind.schema, {
      spec: {
        fleet: 'depots',
        revision: 'p-v2',
        ...(previousRevision === null ? {} : { previousRevision }),
        policy,
      },
    }) as Pick<Rollout, 'spec'>
    this.rollout = {
      apiVersion: 'skerry.dev/v1alpha1',
      kind: 'Rollout',
      metadata: {
        name: 'depots-1',
        uid: 'u',
        resourceVersion: '1',
        generation: 1,
        creationTimestamp: toTimestamp(this.nowMs),
      },
      ...body,
    }
  }

  get status(): RolloutStatus {
    return this.rollout.status ?? {}
  }

  site(name: string): FakeSite {
    return this.sites.find((site) => site.name === name)!
  }

  stateOf(name: string) {
    return this.status.sites?.find((site) => site.name === name)?.state
  }

  control(control: Partial<Rollout['spec']['control']>): void {
    const time = toTimestamp(this.nowMs)
    this.rollout = {
      ...this.rollout,
      spec: { ...this.rollout.spec, control: { ...this.rollout.spec.control, time, ...control } },
    }
  }

  /** Sets something of sites that are named, separated by spaces. */
  set(names: string, change: Partial<FakeSite>): this {
    for (const name of names.split(' ')) Object.assign(this.site(name), structuredClone(change))
    return this
  }

  at(time: string): this {
    this.nowMs = Date.parse(time)
    return this
  }

  askSite(verb: SiteRequests[number]['verb'], site: string, by = 'ada'): this {
    const { sites = [] } = this.rollout.spec.control
    const time = toTimestamp(this.nowMs + sites.length * 1000)
    return this.#add({ sites: [...sites, { verb, site, by, time, reason: 'it must be' }] })
  }

  askWave(verb: WaveRequests[number]['verb'], wave: string, by = 'ada'): this {
    const { waves = [] } = this.rollout.spec.control
    const attempt = this.status.handledRetries ?? 0
    const time = toTimestamp(this.nowMs)
    return this.#add({ waves: [...waves, { verb, wave, attempt, by, time }] })
  }

  #add(control: Partial<Rollout['spec']['control']>): this {
    const { spec } = this.rollout
    this.rollout = {
      ...this.rollout,
      spec: { ...spec, control: { ...spec.control, ...control } },
    }
    return this
  }

  setPolicy(change: Partial<Rollout['spec']['policy']>): this {
    const { spec } = this.rollout
    this.rollout = {
      ...this.rollout,
      spec: { ...spec, policy: { ...spec.policy, ...change } },
    }
    return this
  }

  facts(): RolloutFacts {
    const wave = this.status.wave ?? ''
    const content = (digest: Content) => ({ ok: true as const, layers: [{ name: 'm', digest }] })
    return {
      sites: this.sites.map((site) => ({
        name: site.name,
        labels: { ...site.labels },
        timeZone: site.timeZone,
        busyWith: site.busyWith,
        connectivity: site.connectivity,
        health: site.health,
        assigned: site.assigned,
        isFetched: site.fetched,
        wanted: content('v2'),
        ...(this.rollout.spec.previousRevision === undefined ? {} : { previous: content('v1') }),
        layers: layersOf(site),
        failed: structuredClone(site.failed),
      })),
      models: this.withoutModels ? [] : [{ name: 'digits', version: 'v2', hasPrevious: true }],
      measurements: [
        { wave, model: 'digits', version: 'v2', next: this.next, running: this.running },
      ],
      newerRollout: this.newer,
      ...(this.isRevisionGone ? { isRevisionGone: true } : {}),
      ...(this.changedOs === undefined ? {} : { changedOs: this.changedOs }),
    }
  }

  /**
   * Looks once, and checks that looking again asks for nothing: but where budgets hold, what was called
   * back and has not changed yet gives its place to others.
   */
  look(): this {
    let decision = this.#decide()
    for (let again = 0; again <= this.sites.length; again += 1) {
      const wasAsked = decision.assignments.length > 0
      const { status } = decision
      decision = this.#decide(this.#measured)
      if (!wasAsked) assert.deepEqual(decision.status, status, 'looking again says the same')
      if (decision.assignments.length === 0) break
      const hasBudgets = (this.rollout.spec.policy.budgets ?? []).length > 0
      assert.ok(hasBudgets && again < this.sites.length, 'looking again assigns nothing')
    }
    for (const wave of this.status.waves ?? [])
      if (wave.state !== 'Waiting') for (const name of wave.sites) this.reached.add(name)
    return this
  }

  #decide(measurements?: RolloutFacts['measurements']): RolloutDecision {
    const facts = freeze(
      measurements === undefined ? this.facts() : { ...this.facts(), measurements },
    )
    const decision = decideRollout(freeze(this.rollout), facts, this.nowMs)
    this.#measured = facts.measurements
    this.rollout = { ...this.rollout, status: decision.status }
    this.events.push(...decision.events.map(({ reason }) => reason))
    for (const { site, ...assigned } of decision.assignments) this.site(site).assigned = assigned
    return decision
  }

  /** Every connected site does what it was told. */
  obey(): this {
    for (const site of this.sites) {
      if (site.connectivity !== 'Online' || site.assigned === undefined || site.waits) continue
      if (site.assigned.next?.isOpen === true) site.fetched = true
      const wanted: Content = site.assigned.profileRevision === 'p-v2' ? 'v2' : 'v1'
      if (site.runs === wanted) continue
      if (site.takes > 0) {
        site.takes -= 1
        continue
      }
      const { attempt } = site.assigned
      const isKnownBad = site.failed.some(
        (each) => each.digest === wanted && each.attempt >= attempt,
      )
      if (isKnownBad) continue
      if (site.breaks && wanted === 'v2')
        site.failed.push({ layer: 'm', digest: 'v2', attempt, message: 'does not start' })
      else site.runs = wanted
    }
    return this
  }

  wait(seconds: number): this {
    this.nowMs += seconds * 1000
    return this
  }

  steps(count: number, seconds = 2): this {
    for (let at = 0; at < count; at += 1) this.look().obey().wait(seconds)
    return this.look()
  }
}

function layersOf({ runs, restarts, waits, ailment: message }: FakeSite): SiteFacts['layers'] {
  if (runs === undefined) return []
  return [{ name: 'm', digest: runs, state: waits ? 'Waiting' : 'Running', restarts, message }]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) freeze(each)
  }
  return value
}
