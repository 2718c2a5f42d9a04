import type { OsReport } from '@skerry/api/os/os-report'
import { toTimestamp } from '@skerry/base/clock'
import { isExhausted } from './entry-name.ts'
import { outcomesReportedMax } from './limits.ts'
import { loaderOrder } from './loader-order.ts'
import type { BootFacts } from './os-host.ts'
import type { OsHistory } from './os-history.ts'
import type { OsState } from './os-machine.ts'
import {
  type OsView,
  type SlotView,
  entryOf,
  hiddenOf,
  isUsable,
  knownOf,
  slotOf,
  versionOf,
} from './os-view.ts'

export type StateFacts = {
  readonly view: OsView
  readonly history: OsHistory
  readonly boot: BootFacts
  readonly bootTimeMs: number
  /** What is wrong with data. */
  readonly dataProblem?: string | undefined
}

/** What the agent is told of the machine. Pure. */
export function toOsState(facts: StateFacts): OsState {
  const { view, history } = facts
  const { imageId } = view.running
  const { pending, lastIntent, condemned } = history
  const [next] = loaderOrder(view.entries)
  const nextId = next?.image?.imageId
  const isSwitched = nextId !== undefined && nextId !== imageId && next?.tries !== undefined
  const intent = lastIntent?.imageId === imageId ? lastIntent : undefined
  return {
    report: reportOf(facts),
    isOnTrial: isOnTrial(view, history),
    staged: stagedImages(view, history),
    condemned: [...condemned.values()],
    known: view.known.map(({ description }) => description).filter((each) => each !== undefined),
    ...(intent === undefined ? {} : { intent }),
    ...(isSwitched && pending?.intent.imageId === nextId ? { switched: nextId } : {}),
    ...(lastIntent === undefined
      ? {}
      : {
          tried: {
            imageId: lastIntent.imageId,
            digest: lastIntent.digest,
            attempt: lastIntent.attempt,
          },
        }),
  }
}

/** It is counted, and nobody found it good before, or it was made the next to start since. */
export function isOnTrial(view: OsView, { pending, blessed }: OsHistory): boolean {
  const { imageId } = view.running
  const entry = entryOf(view, imageId)
  if (entry === undefined || !isUsable(entry)) return pending?.intent.imageId === imageId
  return entry.tries !== undefined && (pending?.intent.imageId === imageId || !blessed.has(imageId))
}

function reportOf({ view, history, boot, bootTimeMs, dataProblem }: StateFacts): OsState['report'] {
  const { imageId } = view.running
  const digest = knownOf(view, imageId)?.digest
  const problems = [dataProblem, view.espProblem].filter((problem) => problem !== undefined)
  return {
    imageId,
    version: versionOf(view, imageId) ?? imageId.slice(0, 12),
    ...(digest === undefined ? {} : { digest }),
    slot: view.slots.find(({ isRunning }) => isRunning)?.name ?? 'unknown',
    bootId: boot.bootId,
    bootTime: toTimestamp(bootTimeMs),
    isBlessed: !isOnTrial(view, history),
    ...(boot.secureBoot === undefined ? {} : { secureBoot: boot.secureBoot }),
    ...(boot.loader === undefined ? {} : { loader: boot.loader.slice(0, 100) }),
    ...(boot.kernelVersion === undefined
      ? {}
      : { kernelVersion: boot.kernelVersion.slice(0, 100) }),
    ...(problems.length === 0 ? {} : { data: problems.join(' ').slice(0, 500) }),
    slots: view.slots.map((slot) => slotReport(view, slot)),
    outcomes: history.outcomes.slice(-outcomesReportedMax).toReversed(),
  }
}

function slotReport(view: OsView, slot: SlotView): OsReport['slots'][number] {
  const imageId = slot.isRunning ? view.running.imageId : slot.imageIds[0]
  if (imageId === undefined) {
    const isOpaque = slot.problem !== undefined
    return { name: slot.name, state: isOpaque ? 'Incomplete' : 'Empty' }
  }
  const version = versionOf(view, imageId)
  const entry = entryOf(view, imageId)
  const state = slot.isRunning
    ? 'Running'
    : entry === undefined || !isUsable(entry)
      ? 'Staged'
      : entry.tries === undefined
        ? 'Blessed'
        : isExhausted(entry)
          ? 'Exhausted'
          : 'Counted'
  return { name: slot.name, imageId, ...(version === undefined ? {} : { version }), state }
}

/** In a slot in full, and its kernel is on the ESP or kept in data. */
function stagedImages(view: OsView, { suspects, decayed }: OsHistory): OsState['staged'] {
  return view.known
    .filter(
      ({ imageId, hasCopy }) =>
        imageId !== view.running.imageId &&
        !suspects.has(imageId) &&
        !decayed.has(imageId) &&
        slotOf(view, imageId) !== undefined &&
        (hasCopy || hiddenOf(view, imageId) !== undefined || entryOf(view, imageId) !== undefined),
    )
    .map(({ imageId, digest }) => ({ imageId, digest }))
}
