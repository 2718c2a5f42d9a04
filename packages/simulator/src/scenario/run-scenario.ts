import { isApiError } from '@skerry/api/status'
import { kinds } from '@skerry/api/kinds'
import { toError } from '@skerry/base/assert'
import { abortPaused, createFleet, rolloutsOf, sitesOf } from '../fleet.ts'
import { restMsMax } from '../limits.ts'
import { createWitness } from '../check/witness.ts'
import type { Violation } from '../check/violation.ts'
import { Watcher } from '../check/watcher.ts'
import { refusingModel, servingModel } from '../machine/model-behaviour.ts'
import { World } from '../world.ts'
import { heal, scheduleScenario } from './schedule-faults.ts'
import type { Scenario } from './scenario.ts'

export type ScenarioResult = {
  /** What must not be and was; none: all is well. */
  readonly violations: readonly Violation[]
  /** Of every message's bytes and moment, and of all that the hub keeps in the end. */
  readonly digest: string
  readonly messages: number
  readonly events: number
  readonly elapsedMs: number
  readonly rollouts: readonly string[]
}

const stepMs = 5000

const asked = servingModel({ accuracy: 0.95, latencyMs: 3, requestsPerSecond: 2 })
/** The versions that people push; without requests no gate would ever let one pass. */
const behaviours = {
  v1: asked,
  v2: asked,
  v3: asked,
  v4: asked,
  bad: refusingModel('the self-test answered wrongly'),
}

/** The whole life of a world: it begins, things go wrong, all is made well, and everything comes to rest.
 * It ends at the first violation. */
export async function runScenario(scenario: Scenario): Promise<ScenarioResult> {
  const heard: { by?: Watcher } = {}
  const witness = createWitness((message) => heard.by?.found('one-writer', message))
  const { seed, sites, heartbeatMs } = scenario
  await using world = new World({ seed, sites, heartbeatMs, witness, behaviours })
  const watcher = new Watcher(world)
  heard.by = watcher
  try {
    await world.begin()
    await createFleet(world)
    scheduleScenario(world, scenario)
    await world.run(scenario.durationMs, () => watcher.violations.length > 0)
    if (watcher.violations.length === 0) {
      heal(world)
      await untilAtRest(world, watcher)
    }
  } catch (error) {
    watcher.found('no-error', toError(error).stack ?? toError(error).message)
  }
  await noteState(world)
  return {
    violations: watcher.violations,
    digest: world.trace.digest(),
    messages: world.trace.messages,
    events: world.timeline.happened,
    elapsedMs: world.timeline.elapsedMs,
    rollouts: (await rolloutsOf(world)).map(
      ({ metadata, status }) => `${metadata.name} ${status?.phase}: ${status?.message ?? ''}`,
    ),
  }
}

async function untilAtRest(world: World, watcher: Watcher): Promise<void> {
  for (let passedMs = 0; passedMs < restMsMax; passedMs += stepMs) {
    if (watcher.violations.length > 0 || (await restless(world)).length === 0) return
    await abortPaused(world)
    await world.run(stepMs)
  }
  for (const { rule, message } of await restless(world)) watcher.found(rule, message)
}

/** What has not come to rest yet. */
async function restless(world: World): Promise<Pick<Violation, 'rule' | 'message'>[]> {
  const found: Pick<Violation, 'rule' | 'message'>[] = []
  for (const { metadata, status } of await rolloutsOf(world))
    if (status?.finishedTime === undefined)
      found.push({
        rule: 'rollouts-end',
        message: `the rollout ${metadata.name} is ${status?.phase ?? 'new'}: ${status?.message ?? ''}`,
      })
  for (const { metadata, status } of await sitesOf(world))
    if (status?.sync !== 'Synced' || status.connectivity !== 'Online')
      found.push({
        rule: 'comes-to-rest',
        message: `the site ${metadata.name} is ${status?.connectivity} and ${status?.sync}: ${status?.healthMessage ?? ''} ${JSON.stringify(status?.conditions ?? [])}`,
      })
  const count = (await sitesOf(world)).length
  if (count !== world.sites.length)
    found.push({
      rule: 'comes-to-rest',
      message: `${count} of ${world.sites.length} sites have enrolled`,
    })
  return found
}

/** All that the hub keeps becomes part of the digest. */
async function noteState(world: World): Promise<void> {
  for (const kind of kinds) {
    try {
      const { items } = await world.state.list(kind)
      world.trace.note(world.timeline.elapsedMs, `state ${kind.kind}`, JSON.stringify(items))
    } catch (error) {
      // Kinds that are only asked, such as reviews, keep nothing.
      if (!isApiError(error, 'NotFound', 'MethodNotAllowed')) throw error
    }
  }
}
