import type { gateVerdicts, rolloutPhases, rolloutSiteStates } from '@skerry/api/kinds/rollout'
import type { RolloutStatus } from '@skerry/api/kinds/rollout'
import type { osPhases, osResults, OsReport } from '@skerry/api/os/os-report'
import type { connectivities, healths, layerStates, syncs } from '@skerry/api/kinds/site'

/** How a state is to be taken. Each tone has a colour and a shape of its own. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle'
export type Look = { readonly tone: Tone; readonly words: string }

export type Connectivity = (typeof connectivities)[number]
export type Health = (typeof healths)[number]
export type Sync = (typeof syncs)[number]
export type LayerState = (typeof layerStates)[number]
export type RolloutPhase = (typeof rolloutPhases)[number]
export type RolloutSiteState = (typeof rolloutSiteStates)[number]
export type GateVerdict = (typeof gateVerdicts)[number]
export type WaveState = NonNullable<RolloutStatus['waves']>[number]['state']

const look = (tone: Tone, words: string): Look => ({ tone, words })

export const connectivityLooks: Record<Connectivity, Look> = {
  Online: look('good', 'Online'),
  Offline: look('warn', 'Offline'),
  Never: look('idle', 'Never connected'),
}

export const healthLooks: Record<Health, Look> = {
  Healthy: look('good', 'Healthy'),
  Degraded: look('warn', 'Degraded'),
  Failed: look('bad', 'Failed'),
  Unknown: look('idle', 'Unknown'),
}

export const syncLooks: Record<Sync, Look> = {
  Synced: look('good', 'Synced'),
  Progressing: look('busy', 'Progressing'),
  Parked: look('idle', 'Parked'),
  OutOfSync: look('warn', 'Out of sync'),
}

export const layerLooks: Record<LayerState, Look> = {
  Pending: look('idle', 'Pending'),
  Fetching: look('busy', 'Fetching'),
  Waiting: look('idle', 'Waiting'),
  Starting: look('busy', 'Starting'),
  Running: look('good', 'Running'),
  Failed: look('bad', 'Failed'),
  Stopped: look('idle', 'Stopped'),
}

export const osPhaseLooks: Record<(typeof osPhases)[number], Look> = {
  Idle: look('good', 'Nothing'),
  Fetching: look('busy', 'Fetching an image'),
  Staged: look('idle', 'Has an image ready'),
  Rebooting: look('busy', 'Restarting'),
  OnTrial: look('busy', 'Judging the new image'),
}

export const osResultLooks: Record<(typeof osResults)[number], Look> = {
  Succeeded: look('good', 'Succeeded'),
  WentBack: look('good', 'Went back on purpose'),
  FellBack: look('bad', 'Fell back'),
  Inconclusive: look('warn', 'Inconclusive'),
  Refused: look('bad', 'Refused'),
  Interrupted: look('warn', 'Interrupted'),
}

export const slotLooks: Record<OsReport['slots'][number]['state'], Look> = {
  Running: look('good', 'Running'),
  Blessed: look('good', 'Known good'),
  Counted: look('busy', 'To be tried'),
  Staged: look('idle', 'Ready'),
  Exhausted: look('bad', 'Given up'),
  Empty: look('idle', 'Empty'),
  Incomplete: look('idle', 'Incomplete'),
}

export const phaseLooks: Record<RolloutPhase, Look> = {
  Pending: look('idle', 'Pending'),
  Progressing: look('busy', 'Progressing'),
  Paused: look('warn', 'Paused'),
  RollingBack: look('bad', 'Rolling back'),
  Succeeded: look('good', 'Succeeded'),
  RolledBack: look('bad', 'Rolled back'),
  Failed: look('bad', 'Failed'),
  Aborted: look('warn', 'Aborted'),
  Superseded: look('idle', 'Superseded'),
}

export const waveLooks: Record<WaveState, Look> = {
  Waiting: look('idle', 'Waiting'),
  Updating: look('busy', 'Updating'),
  Soaking: look('busy', 'Soaking'),
  Passed: look('good', 'Passed'),
  Failed: look('bad', 'Failed'),
  RolledBack: look('bad', 'Rolled back'),
}

export const rolloutSiteLooks: Record<RolloutSiteState, Look> = {
  Waiting: look('idle', 'Waiting'),
  Updating: look('busy', 'Updating'),
  Updated: look('good', 'Updated'),
  Failed: look('bad', 'Failed'),
  Parked: look('idle', 'Parked'),
  RollingBack: look('warn', 'Rolling back'),
  RolledBack: look('warn', 'Rolled back'),
  Skipped: look('idle', 'Skipped'),
}

export const verdictLooks: Record<GateVerdict, Look> = {
  Pass: look('good', 'Pass'),
  Fail: look('bad', 'Fail'),
  NotEnoughData: look('idle', 'Not enough data'),
}
