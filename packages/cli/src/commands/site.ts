import { type Site, siteKind } from '@skerry/api/kinds/site'
import { systemClock } from '@skerry/base/clock'
import { ageOf } from '../age.ts'
import { CommandError } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { type OutputFormat, type TableColumn, paintState, render } from '../output.ts'

const columns = (nowMs: number): TableColumn<Site>[] => [
  { title: 'NAME', value: (site) => site.metadata.name },
  { title: 'CONNECTIVITY', value: (site) => paintState(site.status?.connectivity ?? 'Never') },
  { title: 'HEALTH', value: (site) => paintState(site.status?.health ?? 'Unknown') },
  { title: 'SYNC', value: (site) => paintState(site.status?.sync ?? '-') },
  { title: 'MODELS', value: (site) => site.status?.models ?? '-' },
  { title: 'SEEN', value: (site) => ageOf(site.status?.lastSeenTime, nowMs) },
  { title: 'DEVICE', value: (site) => site.status?.device ?? '-', isWide: true },
  { title: 'MESSAGE', value: (site) => site.status?.healthMessage ?? '', isWide: true },
]

/** `skerry site list`. */
export async function listSites(hub: HubAccess, format: OutputFormat): Promise<void> {
  const { items } = await hub.state.list(siteKind, { namespace: hub.namespace })
  if (items.length === 0 && (format === 'table' || format === 'wide'))
    process.stderr.write(`No sites in namespace ${hub.namespace}.\n`)
  else process.stdout.write(render(items, columns(systemClock.now()), format))
}

/** `skerry site show NAME`: what runs there, what failed there, and since when. */
export async function showSite(hub: HubAccess, name: string, format: OutputFormat): Promise<void> {
  const site = await hub.state.get(siteKind, { namespace: hub.namespace, name })
  if (site === undefined)
    throw new CommandError(
      `There is no site ${name} in namespace ${hub.namespace}: see "skerry site list".`,
    )
  if (format === 'json' || format === 'yaml') {
    process.stdout.write(render([site], [], format))
    return
  }
  process.stdout.write(describeSite(site, systemClock.now()))
}

export function describeSite(site: Site, nowMs: number): string {
  const status = site.status ?? {}
  const version = (at: { epoch: number; revision: number } | undefined) =>
    at === undefined ? '-' : `${at.epoch}.${at.revision}`
  const lines = [
    `${site.metadata.name}  ${site.spec.displayName ?? ''}`.trimEnd(),
    `  connectivity  ${paintState(status.connectivity ?? 'Never')} for ${ageOf(status.connectivityChangedTime, nowMs)}, last seen ${ageOf(status.lastSeenTime, nowMs)} ago`,
    `  health        ${paintState(status.health ?? 'Unknown')}${status.healthMessage === undefined ? '' : `: ${status.healthMessage}`}`,
    `  sync          ${paintState(status.sync ?? '-')}, runs spec ${version(status.applied)}, wanted ${version(status.desired)}`,
    ...(status.layers ?? []).map(
      (layer) =>
        `  layer         ${layer.name} (${layer.type}) ${layer.version ?? ''} ${paintState(layer.state)}${layer.message === undefined ? '' : `: ${layer.message}`}`,
    ),
    ...(status.failed ?? []).map(
      (failure) =>
        `  failed here   ${failure.layer} ${failure.digest.slice(7, 19)}: ${failure.message}`,
    ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
