import type { BootedState } from './boot-states.ts'
import type { InspectedRun } from './inspect-run.ts'
import { cutLimits } from './limits.ts'
import type { RecordedRun } from './record-runs.ts'

export type CutRow = {
  readonly run: Pick<RecordedRun, 'name' | 'what' | 'seconds'>
  readonly isControl: boolean
  readonly inspected: InspectedRun
  readonly booted: readonly BootedState[]
}

const badOf = (looks: readonly { readonly problems: readonly string[] }[]): number =>
  looks.filter(({ problems }) => problems.length > 0).length

/** Nothing is wrong with a run, and something with a control. */
export function isAsPromised({ isControl, inspected, booted }: CutRow): boolean {
  if (isControl) return inspected.violationCount > 0
  return inspected.violationCount + badOf(inspected.looks) + badOf(booted) === 0
}

/** As Markdown: what goes into the documents is what the terminal shows. */
export function formatTable(rows: readonly CutRow[]): string {
  const cells = rows.map(({ run, inspected, booted }) => [
    run.name,
    inspected.entries - inspected.flushes,
    inspected.espWrites,
    inspected.flushes,
    inspected.states,
    inspected.lostWriteStates,
    inspected.violationCount,
    `${inspected.looks.length - badOf(inspected.looks)} of ${inspected.looks.length}`,
    `${booted.length - badOf(booted)} of ${booted.length}`,
    inspected.processorSeconds.toFixed(0),
  ])
  const titles = [
    'run',
    'writes',
    'of them single ones to the ESP',
    'flushes',
    'states',
    'states with lost writes',
    'violations',
    'looked into',
    'booted',
    'CPU s',
  ]
  return [titles, titles.map(() => '---'), ...cells]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n')
}

/** What is wrong with a run, in words; for a control the first few are enough. */
export function describeProblems({ run, inspected, booted }: CutRow): string[] {
  const at = ({ entries, loseSeed }: { entries: number; loseSeed?: number | undefined }) =>
    `${run.name}, after ${entries} entries${loseSeed === undefined ? '' : `, losses of seed ${loseSeed}`}`
  return [
    ...inspected.violations.map((each) => `${at(each)}: ${each.message}`),
    ...inspected.looks.flatMap(({ cut, problems }) =>
      problems.map((problem) => `${at(cut)}, looked into: ${problem}`),
    ),
    ...booted.flatMap(({ cut, problems }) =>
      problems.map((problem) => `${at(cut)}, booted: ${problem}`),
    ),
  ].slice(0, cutLimits.violationsShown)
}

/** What is worth keeping of a row: what would start, each time that it changes, and not each cluster of a kernel. */
export function rawRow({ run, isControl, inspected, booted }: CutRow) {
  const { timeline, violations, ...counts } = inspected
  const starts = timeline.map(({ entries, text }) => ({
    entries,
    text: text.replace(/; fat: .*/, ''),
  }))
  const turns = starts.filter(({ text }, index) => text !== starts[index - 1]?.text)
  return {
    run,
    isControl,
    ...counts,
    turns,
    violations: violations.slice(0, cutLimits.violationsShown),
    booted,
  }
}
