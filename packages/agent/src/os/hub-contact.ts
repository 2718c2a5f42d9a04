import type { SpecVersion } from '@skerry/api/site-spec'
import type { ReadableBus } from '../bus.ts'
import type { ConnectionState, CurrentState } from '../buses.ts'
import type { Host } from '../host.ts'
import { announceMs, hubAnswerMs } from './limits.ts'
import { within } from './within.ts'

/**
 * Whether the hub answers now. A connection proves little: a cable that was pulled is noticed only when
 * something is said.
 */
export async function askHub(
  { clock }: Host,
  connection: ReadableBus<ConnectionState>,
  held: SpecVersion | undefined,
): Promise<boolean> {
  const { link } = connection.get()
  if (link === undefined) return false
  const answer = link.pollSpec(held).then(
    () => true,
    () => false,
  )
  return (await within(clock, hubAnswerMs, answer))?.value === true
}

export type AnnounceOptions = {
  readonly host: Host
  readonly current: ReadableBus<CurrentState>
  readonly connection: ReadableBus<ConnectionState>
  /** Version of `current` that the hub took last. */
  readonly told: ReadableBus<number>
}

/** Waits until the hub knows how things stand, if it can be reached, and not for long. */
export async function announce({
  host,
  current,
  connection,
  told,
}: AnnounceOptions): Promise<void> {
  if (connection.get().link === undefined) return
  const ended = new AbortController()
  const wanted = current.version
  const untilTold = async (): Promise<void> => {
    while (told.get() < wanted) await told.changed(told.version, ended.signal)
  }
  await within(host.clock, announceMs, untilTold())
  ended.abort(new Error('It was told, or it is too late'))
}
