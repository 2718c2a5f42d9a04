import { fleetKind } from '@skerry/api/kinds/fleet'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'
import { type OutputFormat, paint, paintState, render } from '../output.ts'

/** `skerry status`: the whole fleet on one screen. Exits with 4 when something is not well. */
export async function showStatus(hub: HubAccess, format: OutputFormat): Promise<number> {
  const { namespace } = hub
  const [sites, fleets, rollouts] = await Promise.all([
    hub.state.list(siteKind, { namespace }),
    hub.state.list(fleetKind, { namespace }),
    hub.state.list(rolloutKind, { namespace }),
  ])
  const count = (matches: (site: (typeof sites.items)[number]) => boolean) =>
    sites.items.filter(matches).length
  const summary = {
    sites: sites.items.length,
    online: count((site) => site.status?.connectivity === 'Online'),
    healthy: count((site) => site.status?.health === 'Healthy'),
    synced: count((site) => site.status?.sync === 'Synced'),
    fleets: fleets.items.map((fleet) => ({
      name: fleet.metadata.name,
      revision: fleet.status?.currentRevision,
      synced: fleet.status?.synced ?? 0,
      sites: fleet.status?.sites ?? 0,
    })),
    rollouts: rollouts.items
      .filter((rollout) => !isOver(rollout.status?.phase))
      .map((rollout) => ({
        name: rollout.metadata.name,
        phase: rollout.status?.phase ?? 'Pending',
        message: rollout.status?.message,
      })),
  }
  if (format === 'json' || format === 'yaml') {
    process.stdout.write(render([summary], [], format))
  } else {
    const row = (label: string, amount: number) =>
      `${label.padEnd(10)}${amount === summary.sites ? paint.green(String(amount)) : paint.yellow(String(amount))} of ${summary.sites}\n`
    process.stdout.write(
      summary.sites === 0
        ? 'No sites yet. Make a join token with "skerry token create" and run "skerry agent run" on a machine.\n'
        : row('online', summary.online) +
            row('healthy', summary.healthy) +
            row('synced', summary.synced),
    )
    for (const fleet of summary.fleets)
      process.stdout.write(
        `fleet ${fleet.name}: ${fleet.synced} of ${fleet.sites} sites on ${fleet.revision ?? 'nothing yet'}\n`,
      )
    for (const rollout of summary.rollouts)
      process.stdout.write(
        `rollout ${rollout.name}: ${paintState(rollout.phase)}${rollout.message === undefined ? '' : `, ${rollout.message}`}\n`,
      )
  }
  return summary.healthy === summary.sites ? exitCodes.ok : exitCodes.unhealthy
}

const overPhases = ['Succeeded', 'RolledBack', 'Failed', 'Aborted', 'Superseded']

export function isOver(phase: string | undefined): boolean {
  return phase !== undefined && overPhases.includes(phase)
}
