import { toError } from '@skerry/base/assert'
import { deleteEntities, ensureEntities } from './apply-entities.ts'
import { applyDirectories, applyFiles } from './apply-files.ts'
import {
  applyDns,
  applyEnvironment,
  applyHostname,
  applyModules,
  applySysctl,
  lastLine,
} from './apply-system.ts'
import { applyFirstBoot, applySystemctl, applyTimesyncd, applyTimezone } from './apply-systemd.ts'
import { applyAuthorizedKeys, applyUsers } from './apply-users.ts'
import { saidOutputCharactersMax } from './limits.ts'
import { type StepRun, rendered } from './step-run.ts'

/** The parts of a step, in the order in which Kairos does them. */
const parts: readonly ((run: StepRun) => void | Promise<void>)[] = [
  applyDns,
  ensureEntities,
  applyDirectories,
  applyFiles,
  runCommands,
  deleteEntities,
  applyHostname,
  applySysctl,
  applyUsers,
  applyAuthorizedKeys,
  applyModules,
  applyTimesyncd,
  applySystemctl,
  applyEnvironment,
  applyFirstBoot,
  applyTimezone,
]

export async function runStep(run: StepRun): Promise<void> {
  for (const part of parts)
    try {
      await part(run)
    } catch (thrown) {
      // One part that cannot be done leaves the others to be done.
      run.problem(run.step.at, toError(thrown).message)
    }
}

/** Users' own words, by the root's shell. */
async function runCommands(run: StepRun): Promise<void> {
  for (const { at, value } of run.step.commands ?? []) {
    const deadlineMs = run.commandMs()
    if (deadlineMs <= 0) {
      run.problem(at, 'this command was not run: those before it took all the time of the stage')
      continue
    }
    const result = await run.host.run({
      command: ['/bin/sh', '-c', rendered(run, at, value)],
      deadlineMs,
    })
    if (result.ok) continue
    const said = lastLine(result.output).slice(0, saidOutputCharactersMax)
    run.problem(at, `this command ${result.message}${said === '' ? '' : `: ${said}`}`)
  }
}
