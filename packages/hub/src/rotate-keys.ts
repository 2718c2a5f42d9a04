import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import { lockDataDirectory } from './hub-lock.ts'
import { createSealer } from './trust/sealer.ts'
import { openServiceAccountKeys } from './trust/service-account-keys.ts'
import { openSigningKeys } from './trust/signing-keys.ts'

export const keyRings = ['signing', 'sealing', 'accounts'] as const
export type KeyRing = (typeof keyRings)[number]

export type RotateOptions = {
  readonly data: string
  readonly ring: KeyRing
  /** Takes the trust from older keys instead of making a new one. */
  readonly withdraws: boolean
}

export const isKeyRing = (text: string): text is KeyRing => keyRings.some((ring) => ring === text)

/**
 * Makes a new key for a ring of a hub that stands still, or withdraws the older ones. Returns what that
 * means, as a sentence. Rejects when the hub runs: it would not hear of it.
 */
export async function rotateKeys(
  { data, ring, withdraws }: RotateOptions,
  clock: Pick<Clock, 'now'>,
): Promise<string> {
  const dir = join(data, 'keys')
  if (!existsSync(dir)) throw new Error(`${data} is not the folder of a hub: it has no keys.`)
  using _lock = lockDataDirectory(data)
  if (ring === 'sealing') return rotateSealing(dir, withdraws)
  const keys =
    ring === 'signing'
      ? await openSigningKeys({ dir, clock })
      : await openServiceAccountKeys({ dir })
  if (!withdraws) {
    await keys.rotate()
    return ring === 'signing'
      ? 'A new key is trusted from now on and signs site specs when every device has heard of it, in about a day. Withdraw the old one after that.'
      : 'A new key signs the tokens of service accounts. The old ones stay good: withdraw the old key when they have run out.'
  }
  await keys.withdrawOld()
  return ring === 'signing'
    ? 'Only the key that signs site specs is trusted, and those that are to come.'
    : 'Only tokens of the newest key are good: all that others signed are refused, those in Secrets too. Delete these Secrets to have new ones made.'
}

async function rotateSealing(dir: string, withdraws: boolean): Promise<string> {
  if (withdraws)
    throw new Error('Keys that sealed secrets are never withdrawn: backups hold what they sealed.')
  const sealer = await createSealer({ dir })
  await sealer.rotate()
  return 'Secrets that are written from now on are sealed by a new key. The old ones stay: backups hold what they sealed.'
}
