import { CommanderError } from 'commander'
import { isApiError } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import { CommandError, exitCodes } from './exit-code.ts'
import { createProgram } from './program.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stop.abort(new Error('stopped by a signal')))

try {
  await createProgram(stop.signal).parseAsync()
} catch (error) {
  process.exitCode = explain(error)
}

/** One sentence for whoever typed the command, and the code for the shell. */
function explain(error: unknown): number {
  if (stop.signal.aborted) return 130
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  console.error(`skerry: ${toError(error).message}`)
  if (error instanceof CommandError) return error.exitCode
  return isApiError(error, 'ServiceUnavailable', 'Timeout')
    ? exitCodes.unreachable
    : exitCodes.failed
}
