import type { SiteLayer } from '@skerry/api/site-spec'
import type { CondemnedImage, CurrentOs } from './os-state.ts'
import { wallClockText, windowAt } from './reboot-window.ts'
import { type CurrentSite, type FailedContent, type View, failureOf } from './site-state.ts'
import { type Step, contentName } from './step.ts'

/** Somebody may set the clock meanwhile: the window is looked at again at least this often. */
const windowCheckMs = 300_000
/** How far before the making of its spec a clock may be and still be believed: hubs' clocks differ too. */
const clockSlackMs = 3_600_000

export const notAnImage =
  'this machine does not run from an image, so its operating system is not changed: install it from a disk image, or take the os layer out of its profile'

/** The steps of the os layer: what runs and is kept goes on until the new image says that it is well. */
export function planOs(view: View, target: SiteLayer): Step[] {
  const { os } = view.current
  const failed = failureOf(target, view.failures)
  const name = contentName(target)
  if (os === undefined)
    return failed === undefined
      ? [giveUp(target, notAnImage)]
      : [wait(target.name, `${name} failed here: ${failed.message}`)]
  if (os.isOnTrial) return judgeRunningImage(view, target.name)
  if (os.isRestarting) return [wait(target.name, 'the machine restarts')]
  const wanted = target.os?.imageId ?? ''
  if (os.imageId === wanted) return stay(target, os)
  if (failed !== undefined) return [wait(target.name, `${name} failed here: ${failed.message}`)]
  if (os.switched === wanted) return [restart(view, target)]
  const evidence = evidenceAgainst(target, os, view.failures)
  if (evidence !== undefined) return [giveUp(target, evidence.message)]
  return bringUp(view, target, os)
}

/** Keeps the running image or gives it up, if it is still on trial; asked for even without an os layer. */
export function judgeRunningImage({ current: { os } }: View, layer: string): Step[] {
  if (os === undefined || !os.isOnTrial) return []
  const { imageId, trial } = os
  if (os.isRestarting) {
    const why = trial.verdict === 'Unhealthy' ? `, as ${os.version} is ${trial.message}` : ''
    return [wait(layer, `the machine restarts${why}`)]
  }
  switch (trial.verdict) {
    case 'Healthy': {
      const reason = `${os.version} is well and is kept`
      return [{ do: 'bless-os', layer, when: 'now', imageId, reason }]
    }
    case 'Unhealthy':
      return [{ do: 'condemn-os', layer, when: 'now', imageId, reason: trial.message }]
    case 'Judging':
      return [wait(layer, `${os.version} is on trial: ${trial.message}`)]
  }
}

/** Without an os layer what runs stays: an image that was to start next is withdrawn. */
export function withdrawSwitch({ current: { os }, target }: View): Step[] {
  if (os === undefined || os.isOnTrial || os.isRestarting || target.version === undefined) return []
  const { imageId, switched, digest = '' } = os
  if (switched === undefined || switched === imageId) return []
  const reason = 'another image was to start next, and the site spec names none'
  return [{ do: 'switch-os', layer: '', when: 'now', imageId, digest, attempt: 0, reason }]
}

/** Whether the wanted image runs and is kept. */
export function runsImage({ os }: CurrentSite, target: SiteLayer): boolean {
  return os !== undefined && os.imageId === target.os?.imageId && !os.isOnTrial
}

/**
 * What speaks against an image at this attempt. Evidence of an attempt that was given up before does not
 * count any more once the attempt was raised, until it was tried again.
 */
export function evidenceAgainst(
  target: SiteLayer,
  os: CurrentOs,
  failures: readonly FailedContent[],
): CondemnedImage | undefined {
  const { digest, attempt } = target
  const condemned = os.condemned.find(
    (each) => each.digest === digest || each.imageId === target.os?.imageId,
  )
  if (condemned === undefined) return undefined
  const wasGivenUp = failures.some((failed) => failed.digest === digest && failed.attempt < attempt)
  const wasTried = os.tried?.digest === digest && os.tried.attempt >= attempt
  return wasGivenUp && !wasTried ? undefined : condemned
}

/** The wanted image runs; another that was made the next to start must not be. */
function stay(target: SiteLayer, os: CurrentOs): Step[] {
  if (os.switched === undefined || os.switched === os.imageId) return []
  return [switchTo(target, `another image was to start next, and ${os.version} is wanted again`)]
}

function bringUp(view: View, target: SiteLayer, os: CurrentOs): Step[] {
  const name = contentName(target)
  const imageId = target.os?.imageId ?? ''
  const reason = `the site spec asks for ${name} instead of ${os.version}`
  const later: Step[] = [
    { ...switchTo(target, 'it is complete'), when: 'later' },
    { do: 'restart-machine', layer: target.name, when: 'later', imageId, reason: 'to start it' },
    { do: 'bless-os', layer: target.name, when: 'later', imageId, reason: 'if it is well' },
  ]
  if (os.staged.includes(imageId)) {
    const closed = closedWindow(view, target, `${name} is on the disk`)
    return closed === undefined ? [switchTo(target, reason), ...later.slice(1)] : [closed, ...later]
  }
  if (os.installing !== undefined)
    return os.installing.digest === target.digest
      ? [wait(target.name, `${name} is being brought into a slot`), ...later]
      : [wait(target.name, 'an image that is no longer wanted is let go first'), ...later]
  return [{ do: 'install-os', layer: target.name, when: 'now', content: target, reason }, ...later]
}

function restart(view: View, target: SiteLayer): Step {
  const name = contentName(target)
  const imageId = target.os?.imageId ?? ''
  const reason = `${name} is the next to start`
  const now: Step = { do: 'restart-machine', layer: target.name, when: 'now', imageId, reason }
  return closedWindow(view, target, reason) ?? now
}

/** What there is to wait for before the machine may restart, if anything. */
function closedWindow(view: View, target: SiteLayer, what: string): Step | undefined {
  const { os } = view.current
  const window = target.os?.rebootWindow
  if (os === undefined || window === undefined) return undefined
  const { timeZone, issuedMs } = view.target
  const again = view.nowMs + windowCheckMs
  if (issuedMs !== undefined && os.wallMs < issuedMs - clockSlackMs)
    return wait(
      target.name,
      `${what}, and the clock of the machine is not set, so nobody knows whether its window is open: give it a time server`,
      again,
    )
  const state = windowAt(window, timeZone, os.wallMs)
  if (state.isOpen) return undefined
  const { opensAtMs } = state
  if (opensAtMs === undefined)
    return wait(target.name, `${what}, and its window does not open within a week`, again)
  return wait(
    target.name,
    `${what} and the machine restarts when its window opens: ${wallClockText(timeZone, opensAtMs)}`,
    Math.min(again, view.nowMs + opensAtMs - os.wallMs),
  )
}

function switchTo(target: SiteLayer, reason: string): Step {
  const { digest, attempt } = target
  const imageId = target.os?.imageId ?? ''
  return { do: 'switch-os', layer: target.name, when: 'now', imageId, digest, attempt, reason }
}

function giveUp(target: SiteLayer, reason: string): Step {
  const { digest, attempt } = target
  return { do: 'give-up-os', layer: target.name, when: 'now', digest, attempt, reason }
}

function wait(layer: string, reason: string, untilMs?: number): Step {
  return { do: 'wait', layer, when: 'now', untilMs, reason }
}
