import { toError } from '@skerry/base/assert'
import { stepKey } from '@skerry/planner/step'
import type { SpecVersion } from '@skerry/api/site-spec'
import type { Bus, ReadableBus } from '../bus.ts'
import type { ConnectionState, CurrentState } from '../buses.ts'
import type { HeldSteps } from '../held-steps.ts'
import { DiskError, type Host } from '../host.ts'
import type { SiteRecord } from '../site-record.ts'
import { announce, askHub } from './hub-contact.ts'
import { type OsRuntime, createOsRuntime } from './os-runtime.ts'

export type OpenOsOptions = {
  readonly host: Host
  readonly held: HeldSteps
  readonly record: SiteRecord
  readonly current: ReadableBus<CurrentState>
  readonly connection: ReadableBus<ConnectionState>
  readonly happened: Bus<undefined>
  readonly told: ReadableBus<number>
  /** The spec that is held. */
  readonly heldSpec: () => SpecVersion | undefined
}

/** The operating system as part of what the agent acts on, or nothing where it is not an image. */
export function openOsRuntime(options: OpenOsOptions): OsRuntime | undefined {
  const { host, held, record, connection, happened } = options
  const machine = host.image
  if (machine === undefined) return undefined
  return createOsRuntime({
    host,
    machine,
    connection,
    askHub: () => askHub(host, connection, options.heldSpec()),
    announce: () => announce(options),
    onChange: () => happened.set(undefined),
    onEnd(content, end) {
      const step = { do: 'install-os', when: 'now', layer: content.name, content } as const
      const key = stepKey({ ...step, reason: '' })
      host.log.info(`Installation ended: ${key}`, end)
      if (end.result === 'Held') held.hold(key, end.message)
      else held.release(key)
      if (end.result !== 'Failed') return
      const { name: layer, digest, attempt } = content
      record.noteFailure({ layer, digest, attempt, message: end.message }).catch((error) => {
        if (!(error instanceof DiskError)) throw toError(error)
        host.log.warn('A failure could not be kept', { reason: error.message })
      })
    },
  })
}
