import { type Rollout, type RolloutStatus, rolloutKind } from '@skerry/api/kinds/rollout'
import { systemClock } from '@skerry/base/clock'
import { ageOf } from '../age.ts'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { type OutputFormat, type TableColumn, paint, paintState, render } from '../output.ts'
import { isOver } from './status.ts'

export const rolloutVerbs = ['pause', 'resume', 'abort', 'retry'] as const
export const waveVerbs = ['approve', 'promote'] as const
export const siteVerbs = ['skip', 'force'] as const
export type RolloutVerb =
  | (typeof rolloutVerbs)[number]
  | (typeof waveVerbs)[number]
  | (typeof siteVerbs)[number]

const columns = (nowMs: number): TableColumn<Rollout>[] => [
  { title: 'NAME', value: (rollout) => rollout.metadata.name },
  { title: 'FLEET', value: (rollout) => rollout.spec.fleet },
  { title: 'PHASE', value: (rollout) => paintState(rollout.status?.phase ?? 'Pending') },
  { title: 'WAVE', value: (rollout) => rollout.status?.wave ?? '-' },
  { title: 'UPDATED', value: (rollout) => rollout.status?.progress ?? '-' },
  { title: 'AGE', value: (rollout) => ageOf(rollout.metadata.creationTimestamp, nowMs) },
  { title: 'MESSAGE', value: (rollout) => rollout.status?.message ?? '' },
]

/** `skerry rollout list`, newest last. */
export async function listRollouts(hub: HubAccess, format: OutputFormat): Promise<void> {
  const rollouts = await allRollouts(hub)
  if (rollouts.length === 0 && (format === 'table' || format === 'wide'))
    process.stderr.write('No rollouts yet: pushing a model version makes one.\n')
  else process.stdout.write(render(rollouts, columns(systemClock.now()), format))
}

async function allRollouts(hub: HubAccess): Promise<Rollout[]> {
  const { items } = await hub.state.list(rolloutKind, { namespace: hub.namespace })
  return items.toSorted(
    (left, right) =>
      left.metadata.creationTimestamp.localeCompare(right.metadata.creationTimestamp) ||
      left.metadata.name.localeCompare(right.metadata.name),
  )
}

/** The rollout that is named, or the newest. */
async function findRollout(hub: HubAccess, name: string | undefined): Promise<Rollout> {
  const rollouts = await allRollouts(hub)
  const found =
    name === undefined
      ? rollouts.at(-1)
      : rollouts.find((rollout) => rollout.metadata.name === name)
  if (found === undefined)
    throw new CommandError(
      name === undefined
        ? 'There is no rollout yet: pushing a model version makes one.'
        : `There is no rollout ${name}: see "skerry rollout list".`,
    )
  return found
}

/** `skerry rollout watch [NAME]`: prints what changes until the rollout is over. Exits with 4 unless it succeeded. */
export async function watchRollout(
  hub: HubAccess,
  name: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  const rollout = await findRollout(hub, name)
  const shown = new Set<string>()
  const show = (current: Rollout) => {
    for (const line of describeProgress(current))
      if (!shown.has(line)) {
        shown.add(line)
        process.stdout.write(
          `${paint.dim(new Date(systemClock.now()).toLocaleTimeString())}  ${line}\n`,
        )
      }
    return isOver(current.status?.phase)
  }
  if (!show(rollout)) {
    const events = hub.state.watch(rolloutKind, {
      namespace: hub.namespace,
      fieldSelector: [{ path: 'metadata.name', operator: '=', value: rollout.metadata.name }],
      resourceVersion: rollout.metadata.resourceVersion,
      signal,
    })
    for await (const event of events)
      if (event.type === 'DELETED' || (event.type !== 'BOOKMARK' && show(event.object))) break
  }
  const last = await hub.state.get(rolloutKind, {
    namespace: hub.namespace,
    name: rollout.metadata.name,
  })
  return last?.status?.phase === 'Succeeded' ? exitCodes.ok : exitCodes.unhealthy
}

/** What is worth a line: states that change, not numbers that tick. */
export function describeProgress(rollout: Rollout): string[] {
  const status: RolloutStatus = rollout.status ?? {}
  const phase = status.phase ?? 'Pending'
  return [
    `${paint.bold(rollout.metadata.name)} brings ${rollout.spec.revision} to fleet ${rollout.spec.fleet}`,
    ...(status.sites ?? [])
      .filter((site) => site.state !== 'Waiting')
      .map((site) => `  ${site.wave}: ${site.name} ${paintState(site.state)}`),
    ...(status.waves ?? [])
      .filter((wave) => wave.state !== 'Waiting')
      .map((wave) => `  wave ${wave.name} ${paintState(wave.state)}`),
    ...(status.gates ?? [])
      .filter((gate) => gate.verdict !== 'NotEnoughData')
      .map((gate) => `  gate ${gate.metric} of wave ${gate.wave}: ${paintState(gate.verdict)}`),
    ...(isOver(phase) || phase === 'Paused' || phase === 'RollingBack'
      ? [`${paintState(phase)}${status.message === undefined ? '' : `: ${status.message}`}`]
      : []),
  ]
}

export type Said = {
  /** Default: the newest. */
  readonly name: string | undefined
  readonly reason: string | undefined
  /** Default: the one that waits, or is under way. */
  readonly wave?: string | undefined
  readonly site?: string | undefined
}

/** `skerry rollout VERB [NAME] --reason WHY`, with `--wave` or a site for the verbs that are about one. */
export async function sayToRollout(hub: HubAccess, verb: RolloutVerb, said: Said): Promise<void> {
  const { name, reason = '', wave, site } = said
  const rollout = await findRollout(hub, name)
  await hub.request('POST', pathOf(hub, rollout, verb), {
    reason,
    ...(wave === undefined ? {} : { wave }),
    ...(site === undefined ? {} : { site }),
  })
  const about = wave === undefined ? '' : ` of wave ${wave}`
  const of = site === undefined ? about : ` of site ${site}`
  process.stdout.write(`${rollout.metadata.name}: ${verb}${of} asked for\n`)
}

/** `skerry rollout explain SITE [NAME]`: why it is where it is and what it waits for. */
export async function explainInRollout(
  hub: HubAccess,
  site: string,
  name: string | undefined,
): Promise<void> {
  const rollout = name === undefined ? await newestOf(hub, site) : await findRollout(hub, name)
  const path = `${pathOf(hub, rollout, 'explain')}?site=${encodeURIComponent(site)}`
  const { message } = (await hub.request('GET', path)) as { message: string }
  process.stdout.write(`${message}\n`)
}

/** The newest rollout that the site is part of; else the newest of all, which says so. */
async function newestOf(hub: HubAccess, site: string): Promise<Rollout> {
  const rollouts = await allRollouts(hub)
  const found = rollouts.findLast(({ status }) => status?.sites?.some(({ name }) => name === site))
  return found ?? (await findRollout(hub, undefined))
}

function pathOf(hub: HubAccess, rollout: Rollout, subresource: string): string {
  return `/apis/skerry.dev/v1alpha1/namespaces/${hub.namespace}/rollouts/${rollout.metadata.name}/${subresource}`
}
