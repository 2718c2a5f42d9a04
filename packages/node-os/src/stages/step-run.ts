import { toError } from '@skerry/base/assert'
import type { Position } from '../cloud-config/finding.ts'
import type { Step } from '../cloud-config/step-keys.ts'
import { type TemplateValues, renderTemplate } from '../cloud-config/template.ts'
import type { StageHost } from './stage-host.ts'

/** One step while it is carried out. What fails is told and never stops the rest. */
export type StepRun = {
  readonly host: StageHost
  readonly step: Step
  readonly values: TemplateValues
  readonly problem: (at: Position, message: string) => void
  /** How long a command may still take. */
  readonly commandMs: () => number
}

/** Does one act; what it throws becomes a problem at its line. */
export function attempt(run: StepRun, at: Position, what: string, act: () => void): void {
  try {
    act()
  } catch (thrown) {
    run.problem(at, `${what}: ${reason(toError(thrown))}`)
  }
}

function reason(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EROFS')
    return 'this place is read-only: only /etc, /var, /home, /root, /data, /run, /tmp and persistentPaths can be written'
  if (code === 'ENOSPC') return 'there is no room left'
  if (code === 'ENOTDIR') return 'a file stands where a folder is needed'
  return code ?? error.message
}

/** A text with its templates rendered, or as it is with a word about why. */
export function rendered(run: StepRun, at: Position, text: string): string {
  const result = renderTemplate(text, run.values)
  if (result.ok) return result.text
  run.problem(
    at,
    `the template ${result.expression.slice(0, 80)} is not known here: the text stays as it is`,
  )
  return text
}
