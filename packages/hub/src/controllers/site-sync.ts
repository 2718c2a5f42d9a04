import { setCondition } from '@skerry/api/condition'
import { profileRevisionKind } from '@skerry/api/kinds/profile'
import { type Site, nothingAssigned, siteKind } from '@skerry/api/kinds/site'
import { compareSpecVersions } from '@skerry/api/site-spec'
import type { Clock } from '@skerry/base/clock'
import { type Controller, type View, keyOf, parseKey, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { type SpecContent, composeSiteSpec } from './compose-site-spec.ts'
import { revisionLayers } from './rollout-facts.ts'
import { isToBeLookedAt } from './site-news.ts'

type Sync = NonNullable<NonNullable<Site['status']>['sync']>

/** Whether what runs at a site is what was asked for. */
export function createSiteSyncController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'site-sync',
    reads: [
      reads(siteKind, (site, _, before) => (isToBeLookedAt(site, before) ? [keyOf(site)] : [])),
      reads(profileRevisionKind, () => []),
    ],
    owns: [
      [siteKind, 'sync'],
      [siteKind, 'conditions'],
    ],
    workers: 4,
    reconcile: (key, view) => reconcileSync(key, view, clock),
  }
}

async function reconcileSync(key: string, view: View, clock: Clock): Promise<void> {
  const { namespace, name } = parseKey(key)
  await updateStatus(view.state, siteKind, { namespace, name }, (site) => {
    const composed = composeSiteSpec(site, revisionLayers(view.cached, namespace))
    const { sync, reason, message } = syncOf(site, composed.ok ? composed.content : undefined)
    return {
      sync,
      conditions: setCondition(
        site.status?.conditions,
        { type: 'Synced', status: sync === 'Synced' ? 'True' : 'False', reason, message },
        clock.now(),
      ),
    }
  })
}

/** Pure: what is asked for, what is applied, what failed, and whether anybody is there to do it. */
export function syncOf(
  { status = {} }: Site,
  content: SpecContent | undefined,
): { sync: Sync; reason: string; message: string } {
  const { desired, applied, failed = [] } = status
  if (desired?.message !== undefined)
    return { sync: 'OutOfSync', reason: 'NoSpec', message: desired.message }
  if (desired === undefined)
    return (status.assigned ?? []).length === 0
      ? { sync: 'Synced', ...nothingAssigned }
      : { sync: 'Progressing', reason: 'Issuing', message: 'Its spec is being made.' }
  const failure = failed.find((each) =>
    content?.layers.some(
      (layer) =>
        layer.name === each.layer && layer.digest === each.digest && layer.attempt <= each.attempt,
    ),
  )
  if (failure !== undefined)
    return {
      sync: 'OutOfSync',
      reason: 'ContentFailed',
      message: `Layer ${failure.layer}: ${failure.message}`,
    }
  if (applied !== undefined && compareSpecVersions(applied, desired) >= 0)
    return { sync: 'Synced', reason: 'Applied', message: `Revision ${applied.revision} runs.` }
  const wanted = `Revision ${desired.revision} is asked for; ${applied === undefined ? 'nothing' : `revision ${applied.revision}`} runs.`
  return status.connectivity === 'Online'
    ? { sync: 'Progressing', reason: 'Applying', message: wanted }
    : { sync: 'Parked', reason: 'Offline', message: `${wanted} It catches up when it returns.` }
}
