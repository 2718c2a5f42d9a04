import { bootTries } from '@skerry/api/os/os-layout'
import type { OsOutcome } from '@skerry/api/os/os-report'
import type { BootStarts } from './boot-starts.ts'
import { isExhausted, isSecondRound, triesGiven } from './entry-name.ts'
import type { FirmwareTrust } from './firmware-trust.ts'
import { installSteps } from './os-record.ts'
import type { OsHistory, PendingSwitch } from './os-history.ts'

/** What an entry says when the truth is asked for. */
export type JudgedEntry = {
  readonly imageId: string
  readonly version: string
  readonly isHidden: boolean
  /** The loader can read it. */
  readonly isUsable: boolean
  readonly tries?: { readonly left: number; readonly done: number } | undefined
  /** What the firmware makes of its signature. */
  readonly trust: FirmwareTrust
}

export type JudgeFacts = {
  readonly time: string
  readonly bootId: string
  readonly running: { readonly imageId: string; readonly version: string }
  readonly history: OsHistory
  readonly entries: readonly JudgedEntry[]
  /** What the loader would start now. */
  readonly next?: string | undefined
  readonly secureBoot?: boolean | undefined
  /** What the initrd counted, by image id. An image whose initrd could not write leaves nothing. */
  readonly starts?: ReadonlyMap<string, BootStarts> | undefined
}

/**
 * What became of what was begun: made of the journal, the ESP and what the kernel left behind, and of
 * nothing else. A restart alone says nothing. Nothing new gives nothing.
 */
export function judgeBoot(facts: JudgeFacts): OsOutcome[] {
  const outcomes = [judgeInstall(facts), judgeSwitch(facts), ...judgeStrays(facts)]
  return outcomes.filter((outcome) => outcome !== undefined)
}

/** An installation that was begun in an earlier boot and did not end. */
function judgeInstall({ time, bootId, history: { openStep } }: JudgeFacts): OsOutcome | undefined {
  if (openStep === undefined || openStep.bootId === bootId) return undefined
  const { imageId, version, digest, step, slot } = openStep
  const number = installSteps.indexOf(step) + 1
  return {
    time,
    imageId,
    version,
    digest,
    result: 'Interrupted',
    evidence: 'None',
    message: `The machine stopped during step ${number} of installing ${version} (${step}, ${slot}): the power was cut or somebody restarted it. Nothing was switched; it is taken up again.`,
  }
}

function judgeSwitch(facts: JudgeFacts): OsOutcome | undefined {
  const { pending } = facts.history
  if (pending === undefined) return undefined
  const { imageId } = pending.intent
  const entry = facts.entries.find((each) => each.imageId === imageId && !each.isHidden)
  if (facts.running.imageId === imageId) return judgeRunning(facts, pending, entry)
  // In the boot in which it was switched there is nothing to judge: only the restart is missing.
  if (pending.sinceBootId === facts.bootId) return undefined
  if (entry === undefined || !entry.isUsable) return neverSwitched(facts, pending, entry)
  if (isExhausted(entry)) return judgeExhausted(facts, pending, entry)
  if (facts.next === imageId) return judgePassedOver(facts, pending, entry)
  return outcomeOf(facts, pending, {
    result: 'Interrupted',
    evidence: 'None',
    message: `The machine stopped while ${pending.intent.version} was being made the next to start. ${facts.running.version} runs on; it is done again.`,
  })
}

/** It runs: it is kept once its entry is not counted any more. */
function judgeRunning(
  facts: JudgeFacts,
  pending: PendingSwitch,
  entry: JudgedEntry | undefined,
): OsOutcome | undefined {
  if (entry === undefined || !entry.isUsable || entry.tries !== undefined) return undefined
  const { isBack, version } = pending.intent
  return outcomeOf(facts, pending, {
    result: isBack ? 'WentBack' : 'Succeeded',
    evidence: 'None',
    message: isBack
      ? `The machine was brought back to ${version} on purpose, and it is healthy.`
      : `${version} started, was found healthy and is kept.`,
  })
}

function neverSwitched(
  facts: JudgeFacts,
  pending: PendingSwitch,
  entry: JudgedEntry | undefined,
): OsOutcome {
  const { version, imageId } = pending.intent
  const wasSeen = pending.boots.some((boot) => boot.imageId === imageId)
  const lost =
    entry === undefined ? 'its entry is not on the ESP' : 'its entry on the ESP is not whole'
  return outcomeOf(facts, pending, {
    result: 'Interrupted',
    evidence: 'None',
    message: wasSeen
      ? `${version} had started, and ${lost}: the power was cut while it was being renamed. ${facts.running.version} runs; the entry is made anew and it is tried again.`
      : `The machine stopped before ${version} was the next to start (step 6): ${lost}. ${facts.running.version} runs on; it is done again.`,
  })
}

/** Its tries are used up and another image runs: what speaks against it? */
function judgeExhausted(
  facts: JudgeFacts,
  pending: PendingSwitch,
  entry: JudgedEntry,
): OsOutcome | undefined {
  const against = evidenceAgainst(facts, pending, entry)
  const { version } = pending.intent
  const back = `${facts.running.version} runs again.`
  const ban = 'It is not tried again here until the target changes or its attempt is raised.'
  if (against !== undefined)
    return outcomeOf(facts, pending, {
      result: 'FellBack',
      evidence: against.evidence,
      message: `${version} was given up: ${against.message} ${back} ${ban}`,
    })
  const { seen, reached } = howFar(facts, pending)
  if (isSecondRound(entry))
    return outcomeOf(facts, pending, {
      result: 'FellBack',
      evidence: seen === 0 ? 'None' : 'Hang',
      message: `${version} was given up after ${triesGiven(entry)} tries in two rounds: ${reached}. ${back} ${ban}`,
    })
  // The first round is over and known, and the second is still to be written into the entry's name.
  if (pending.inconclusive > 0) return undefined
  return outcomeOf(facts, pending, {
    result: 'Inconclusive',
    evidence: 'None',
    message: `${version} used up its ${triesGiven(entry)} tries and nothing speaks against it: ${reached}. ${back} It gets ${bootTries} more.`,
  })
}

/** How far its starts came: by the agent's own line, or by what the initrd counted before there was one. */
function howFar({ starts }: JudgeFacts, { intent, boots }: PendingSwitch) {
  const seen = boots.filter((boot) => boot.imageId === intent.imageId).length
  const counted = starts?.get(intent.imageId)
  if (seen > 0)
    return { seen, reached: `it reached its user space ${times(seen)} and never came to a verdict` }
  if (counted !== undefined && counted.handovers > 0)
    return {
      seen: counted.handovers,
      reached: `its init was started ${times(counted.handovers)}, and its agent never said a word`,
    }
  if (counted !== undefined && counted.starts > 0) {
    const said = counted.words === '' ? '' : ` (it said: ${counted.words})`
    return {
      seen,
      reached: `its kernel was started ${times(counted.starts)}, and it never came as far as its init${said}`,
    }
  }
  return {
    seen,
    reached:
      'it never reached its user space (a refusal by the firmware, a panic, a hang or a power cut leave the same picture)',
  }
}

type Against = { readonly evidence: OsOutcome['evidence']; readonly message: string }

function evidenceAgainst(
  { secureBoot, starts }: JudgeFacts,
  { intent, boots, verdict, panics }: PendingSwitch,
  entry: JudgedEntry,
): Against | undefined {
  if (verdict !== undefined)
    return { evidence: 'Gate', message: `it was not healthy: ${sentence(verdict.message)}` }
  const [panic] = panics
  if (panic !== undefined)
    return { evidence: 'Panic', message: `its kernel panicked: ${sentence(panic)}` }
  const seen = boots.filter((boot) => boot.imageId === intent.imageId)
  const refusal = seen.length === 0 ? refusalBy({ secureBoot }, entry) : undefined
  if (refusal !== undefined) return refusal
  // The first boot after the intent, if it is the new image's own, tells how the old image's session ended.
  const told = boots[0]?.imageId === intent.imageId ? boots.slice(1) : boots
  const resets = starts?.get(intent.imageId)?.resets ?? 0
  if (resets > 0 || told.some((boot) => boot.wasReset === true))
    return {
      evidence: 'Hang',
      message:
        seen.length === 0
          ? 'the watchdog reset the machine before it reached its user space: it hung.'
          : `it started its user space ${times(seen.length)}, and then the watchdog reset the machine: it hung.`,
    }
  return undefined
}

/** It still has tries and is the first in the loader's list, and yet another image was started. */
function judgePassedOver(facts: JudgeFacts, pending: PendingSwitch, entry: JudgedEntry): OsOutcome {
  const { version } = pending.intent
  const what = `${version} was the next to start, and the firmware started ${facts.running.version}: somebody chose it in a menu, or loader.conf or a firmware setting names a default. Remove that.`
  return pending.inconclusive > 0 || isSecondRound(entry)
    ? outcomeOf(facts, pending, {
        result: 'FellBack',
        evidence: 'None',
        message: `${what} This happened twice; it is not tried again here until the target changes or its attempt is raised.`,
      })
    : outcomeOf(facts, pending, {
        result: 'Inconclusive',
        evidence: 'None',
        message: `${what} It stays the next to start.`,
      })
}

/** Used-up entries of which the journal knows nothing: it was lost, or another program wrote them. */
function judgeStrays(facts: JudgeFacts): OsOutcome[] {
  const { time, running, history, entries } = facts
  return entries
    .filter(
      (entry) =>
        !entry.isHidden &&
        isExhausted(entry) &&
        entry.imageId !== running.imageId &&
        entry.imageId !== history.pending?.intent.imageId &&
        !history.setAside.has(entry.imageId) &&
        !history.parked.has(entry.imageId) &&
        !history.condemned.has(entry.imageId),
    )
    .map((entry) => {
      const { imageId, version } = entry
      const refusal = refusalBy(facts, entry)
      const why =
        refusal?.message ??
        'the journal does not know why: it was lost, is in memory only, or somebody else wrote the entry.'
      return {
        time,
        imageId,
        version,
        result: 'FellBack',
        evidence: refusal?.evidence ?? 'None',
        message: `The tries of ${version} are used up: ${why} ${running.version} runs. It is not tried again here until its attempt is raised.`,
      }
    })
}

/** What the signature of a kernel that never came to its user space says of the firmware. */
function refusalBy(
  { secureBoot }: Pick<JudgeFacts, 'secureBoot'>,
  { trust }: JudgedEntry,
): Against | undefined {
  if (secureBoot !== true) return undefined
  if (trust === 'Unsigned')
    return {
      evidence: 'Loader',
      message:
        'the firmware refused it (Secure Boot is on and its kernel is not signed), so it never started. Sign it.',
    }
  if (trust === 'Foreign')
    return {
      evidence: 'Loader',
      message:
        'it never started, and its kernel is signed with a key that the firmware does not hold (Secure Boot is on). Sign it with a key that is enrolled here.',
    }
  return undefined
}

function outcomeOf(
  { time }: JudgeFacts,
  { intent: { imageId, version, digest } }: PendingSwitch,
  said: Pick<OsOutcome, 'result' | 'evidence' | 'message'>,
): OsOutcome {
  return { time, imageId, version, digest, ...said }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
