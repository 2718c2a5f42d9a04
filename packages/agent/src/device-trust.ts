import { acceptTrustedKeys } from '@skerry/artifact/trusted-keys'
import type { StateFile } from './state/state-file.ts'
import type { Enrolment } from './state/agent-state.ts'

/** Who the device is and whom it believes, as far as it has enrolled. */
export type DeviceTrust = {
  get(): Enrolment | undefined
  save(enrolment: Enrolment): Promise<void>
}

export async function loadDeviceTrust(file: StateFile<Enrolment>): Promise<DeviceTrust> {
  let enrolment = await file.read()
  return {
    get: () => enrolment,
    async save(next) {
      await file.write(next)
      enrolment = next
    },
  }
}

export type FollowedKeys =
  | { readonly ok: true; readonly keys: Pick<Enrolment, 'trustedKeys' | 'trustedKeysVersion'> }
  | { readonly ok: false; readonly message: string }

/**
 * Whose signatures count after a renewal: a key that we trust must have signed the new set. That it came
 * from the hub is not enough, or whoever holds the hub's connection could give himself a signing key.
 */
export function followKeys(enrolment: Enrolment, signedSet: unknown): FollowedKeys {
  const { trustedKeys, trustedKeysVersion = 0 } = enrolment
  const current = { version: trustedKeysVersion, keys: trustedKeys }
  const accepted = acceptTrustedKeys(current, signedSet)
  if (!accepted.ok) return accepted
  const { version, keys } = accepted.set
  return { ok: true, keys: { trustedKeys: keys, trustedKeysVersion: version } }
}
