import { type Host, describeExit } from '../host.ts'
import type { UserCheck } from './image-machine.ts'
import { commandKillMs, problemLengthMax } from './limits.ts'
import { within } from './within.ts'

/**
 * Runs one of the user's checks; says what is not well unless it ends with exit code 0 in time. An agent that
 * stops waits for no check.
 */
export async function runCheck(
  { clock, processes }: Host,
  { name: given, command, limitMs }: UserCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  let last = ''
  const onLine = (line: string) => void (line.trim() === '' || (last = line.trim()))
  const child = processes.spawn({ command, environment: {}, directory: '/', onLine })
  const stopped = new AbortController()
  const stop = () => {
    child.signal('SIGKILL')
    stopped.abort()
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const ended = await within(clock, limitMs, child.exited, stopped.signal)
  signal.removeEventListener('abort', stop)
  if (stopped.signal.aborted) return 'the agent stops'
  const name = `the check ${JSON.stringify(given.slice(0, 100))}`
  if (ended === undefined) {
    child.signal('SIGKILL')
    await within(clock, commandKillMs, child.exited)
    return `${name} did not end within ${limitMs / 1000} s and was ended`
  }
  // What it left behind in its group must not outlive it: it is started again in a moment.
  child.signal('SIGKILL')
  if (ended.value.code === 0) return undefined
  const said = last === '' ? '' : `: ${last.slice(0, problemLengthMax)}`
  return `${name} failed: ${describeExit(ended.value)}${said}`
}
