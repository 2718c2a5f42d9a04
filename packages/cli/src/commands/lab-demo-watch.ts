import { type Device, deviceKind } from '@skerry/api/kinds/device'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import type { SiteMetrics } from '@skerry/api/metrics'
import type { HubAccess } from '../hub-access.ts'
import { paintState } from '../output.ts'
import { demoLimits } from './lab-demo-limits.ts'
import { demo } from './lab-demo-place.ts'
import type { DemoStory, Waiting } from './lab-demo-story.ts'
import { describeProgress } from './rollout.ts'
import { isOver } from './status.ts'

const key = { namespace: 'default', name: demo.site }

export type DemoWatch = {
  readonly hub: HubAccess
  readonly story: DemoStory
  readonly stop: AbortSignal
  readonly hint: () => string
}

export const demoSite = ({ state }: HubAccess): Promise<Site | undefined> =>
  state.get(siteKind, key)

export async function demoDevice({ state }: HubAccess): Promise<Device | undefined> {
  const { items } = await state.list(deviceKind, { namespace: 'default' })
  return items.find(({ spec }) => spec.site === demo.site)
}

/** Connected, healthy, everything as asked for, and the image kept. */
export function isGreen(site: Site | undefined, device: Device | undefined): boolean {
  const { connectivity, health, sync, layers = [] } = site?.status ?? {}
  return (
    connectivity === 'Online' &&
    health === 'Healthy' &&
    sync === 'Synced' &&
    layers.some(({ type, state }) => type === 'model' && state === 'Running') &&
    device?.status?.os?.isBlessed === true
  )
}

/** The token makes the site when the machine joins. */
export function untilJoined(watch: DemoWatch): Promise<Site> {
  const waiting = waitingFor(watch, 'the machine to join', demoLimits.greenMs)
  return watch.story.until(waiting, () => demoSite(watch.hub))
}

/** Waits until the site is green on this image. */
export function untilGreen(watch: DemoWatch, imageId: string): Promise<Device> {
  let now = ''
  const waiting = waitingFor(watch, 'the site to be green', demoLimits.greenMs, () => now)
  return watch.story.until(waiting, async () => {
    const [site, device] = [await demoSite(watch.hub), await demoDevice(watch.hub)]
    now = describeNow(site, device)
    const isRight = device?.status?.os?.imageId === imageId
    return isRight && isGreen(site, device) ? device : undefined
  })
}

export type Measured = { readonly requests: number; readonly accuracy: number }

/** What the hub has been told of the model since it began to answer. */
export function untilMeasured(watch: DemoWatch): Promise<Measured> {
  const path = `/apis/skerry.dev/v1alpha1/namespaces/default/sites/${demo.site}/metrics?sinceSeconds=3600`
  const waiting = waitingFor(
    watch,
    `${demoLimits.answersMin} answers of the model`,
    demoLimits.measuredMs,
  )
  return watch.story.until(waiting, async () => {
    const { series } = (await watch.hub.request('GET', path)) as SiteMetrics
    const judged = series
      .flatMap(({ points }) => points)
      .filter(({ accuracy }) => accuracy !== undefined)
    const requests = judged.reduce((sum, point) => sum + point.requests, 0)
    const right = judged.reduce((sum, point) => sum + point.requests * (point.accuracy ?? 0), 0)
    return requests < demoLimits.answersMin ? undefined : { requests, accuracy: right / requests }
  })
}

export async function rolloutNames({ state }: HubAccess): Promise<ReadonlySet<string>> {
  const { items } = await state.list(rolloutKind, { namespace: 'default' })
  return new Set(items.map(({ metadata }) => metadata.name))
}

/** Follows the rollout that is not among those of before, and the machine while it changes. */
export async function untilRolloutOver(
  watch: DemoWatch,
  before: ReadonlySet<string>,
): Promise<Rollout> {
  const { story, hub } = watch
  const shown = new Set<string>()
  const once = (line: string) => {
    if (!shown.has(line)) story.note(line)
    shown.add(line)
  }
  let now = ''
  const waiting = waitingFor(watch, 'the rollout to end', demoLimits.rolloutMs, () => now)
  return story.until(waiting, async () => {
    const { items } = await hub.state.list(rolloutKind, { namespace: 'default' })
    const rollout = items.find(({ metadata }) => !before.has(metadata.name))
    if (rollout === undefined) return undefined
    describeProgress(rollout).forEach((line) => once(`rollout: ${line.trim()}`))
    const [site, device] = [await demoSite(hub), await demoDevice(hub)]
    const os = device?.status?.os
    if (os !== undefined && os.phase !== 'Idle')
      once(`${demo.site}: ${os.version}, ${paintState(os.phase)}`)
    now = describeNow(site, device)
    return isOver(rollout.status?.phase) ? rollout : undefined
  })
}

/** What the machine does, in one line. */
export function describeNow(site: Site | undefined, device: Device | undefined): string {
  if (site === undefined) return 'no machine has joined yet'
  const { connectivity = 'Never', health = 'Unknown', layers = [] } = site.status ?? {}
  const os = device?.status?.os
  // Of the operating system the machine's own words say more.
  const busy = layers
    .filter(({ state, type }) => state !== 'Running' && !(type === 'os' && os !== undefined))
    .map(({ name, state, message }) =>
      message === undefined ? `${name} ${state}` : `${name} ${state}: ${message}`,
    )
  const percent = os?.progressPercent === undefined ? '' : ` ${os.progressPercent} %`
  const why = os?.message === undefined || percent !== '' ? '' : `: ${os.message}`
  const system = os === undefined ? [] : [`image ${os.version}, ${os.phase}${percent}${why}`]
  return [`${connectivity}, ${health}`, ...system, ...busy].join('; ').slice(0, 160)
}

function waitingFor(
  { stop, hint }: DemoWatch,
  what: string,
  withinMs: number,
  now?: () => string,
): Waiting {
  return { what, withinMs, hint, stop, ...(now === undefined ? {} : { now }) }
}
