import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import { type Device, deviceKind } from '@skerry/api/kinds/device'
import type { State } from '@skerry/api/state'
import type { KnownDevice } from '../trust/certificate-admission.ts'
import { watchRetryMs } from './limits.ts'

/** `NAMESPACE/NAME` of a Device. */
export type DeviceKey = string
export const deviceKeyOf = ({ namespace, device }: DeviceIdentity): DeviceKey =>
  `${namespace}/${device}`

/**
 * The Devices as a watch tells them, so that ten thousand reconnects cost the store nothing. While the
 * watch is down, and for devices that it has not told, the store itself is asked.
 */
export type KnownDevices = AsyncDisposable & {
  find(identity: DeviceIdentity): Promise<KnownDevice | undefined>
}

export type KnownDevicesOptions = {
  readonly state: State
  readonly clock: Clock
  readonly log: Log
  /** Called with a Device that changed or, with undefined, went: its admission must be looked at again. */
  readonly onChange: (key: DeviceKey, device: KnownDevice | undefined) => void
}

export function watchDevices(options: KnownDevicesOptions): KnownDevices {
  const { state, clock, log, onChange } = options
  const known = new Map<DeviceKey, KnownDevice>()
  const ended = new AbortController()
  let isLive = false

  const watchOnce = async () => {
    const before = new Set(known.keys())
    const events = state.watch(deviceKind, { signal: ended.signal, bookmarks: true })
    for await (const event of events) {
      if (event.type === 'BOOKMARK') {
        if (event.isInitialEnd !== true) continue
        isLive = true
        // What was there before and was not told again was deleted meanwhile.
        for (const key of before) if (known.delete(key)) onChange(key, undefined)
        continue
      }
      const key = `${event.object.metadata.namespace}/${event.object.metadata.name}`
      before.delete(key)
      if (event.type === 'DELETED') known.delete(key)
      else known.set(key, knownDevice(event.object))
      onChange(key, known.get(key))
    }
  }
  const run = async () => {
    while (!ended.signal.aborted) {
      try {
        await watchOnce()
      } catch (thrown) {
        if (!ended.signal.aborted)
          log.warn('The watch of Devices broke; it is opened again.', {
            error: toError(thrown).message,
          })
      }
      isLive = false
      await clock.sleep(watchRetryMs, ended.signal).catch(() => {})
    }
  }
  const running = run()
  return {
    async find(identity) {
      const found = isLive ? known.get(deviceKeyOf(identity)) : undefined
      if (found !== undefined) return found
      const { namespace, device: name } = identity
      const device = await state.get(deviceKind, { namespace, name })
      return device === undefined ? undefined : knownDevice(device)
    },
    async [Symbol.asyncDispose]() {
      ended.abort(new Error('The gateway ends.'))
      await running
    },
  }
}

function knownDevice({ metadata, spec }: Device): KnownDevice {
  // A Device that waits for its finalizers is deleted for all who ask.
  const isDeleted = metadata.deletionTimestamp !== undefined
  return {
    site: spec.site,
    publicKeyDigest: isDeleted ? '' : spec.publicKeyDigest,
    siteUid: metadata.ownerReferences?.find((owner) => owner.kind === 'Site')?.uid,
  }
}
