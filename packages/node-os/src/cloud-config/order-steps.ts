import type { Finding } from './finding.ts'
import { orderedStepsMax } from './limits.ts'
import type { Step } from './step-keys.ts'

/**
 * The order of files and lines, except that a step with `after` waits for those it names. Whoever waits in a
 * circle, or for nobody, keeps its place, and that is said.
 */
export function orderSteps(
  steps: readonly Step[],
  say: (finding: Finding) => void,
): readonly Step[] {
  const first = steps.find((step) => step.after !== undefined)
  if (first === undefined) return steps
  if (steps.length > orderedStepsMax) {
    say(unmet(first, '...', `the stage has more than ${orderedStepsMax} steps`))
    return steps
  }
  const ordered: Step[] = []
  const waiting = new Set(steps)
  const names = (name: string) => (step: Step) =>
    step.id === name || step.name === name || step.id.endsWith(`/${name}`)
  for (const step of steps)
    for (const { name } of step.after ?? [])
      if (!steps.some(names(name))) say(unmet(step, name, 'there is no such step in this stage'))
  while (waiting.size > 0) {
    const ready = [...waiting].find((step) =>
      (step.after ?? []).every(({ name }) => ![...waiting].some(names(name))),
    )
    const next = ready ?? [...waiting][0]!
    if (ready === undefined)
      say(unmet(next, next.after?.[0]?.name ?? '', 'the steps wait for each other in a circle'))
    ordered.push(next)
    waiting.delete(next)
  }
  return ordered
}

function unmet(step: Step, name: string, why: string): Finding {
  return {
    severity: 'warning',
    code: 'Suspicious',
    at: step.at,
    path: 'after',
    message: `waits for ${JSON.stringify(name)}: ${why}`,
    advice: 'it keeps its place in the order of files and lines',
  }
}
