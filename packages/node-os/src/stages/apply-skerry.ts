import { toError } from '@skerry/base/assert'
import type { SkerryBlock } from '../cloud-config/skerry-keys.ts'
import type { StageName } from '../cloud-config/stage-names.ts'
import { setClock } from '../network/set-clock.ts'
import { startNetwork } from '../network/start-network.ts'
import { waitForNetwork } from '../network/wait-for-network.ts'
import { writeDefaultNetwork, writeNetworkFiles } from '../network/write-network-files.ts'
import { applyCertificates } from './apply-certificates.ts'
import { applyPersistentPaths } from './apply-persistent-paths.ts'
import { applyProxy } from './apply-proxy.ts'
import type { StageHost, Tell } from './stage-host.ts'

/** What a stage does of itself, before the steps of users, who have the last word. */
export async function beginStage(
  host: StageHost,
  stage: StageName,
  skerry: SkerryBlock,
  tell: Tell,
): Promise<void> {
  await doAll(actsOf(host, stage, skerry, tell), tell)
}

/** What a stage does of itself when all steps of users are done: what nobody decided is decided. */
export async function endStage(host: StageHost, stage: StageName, tell: Tell): Promise<void> {
  if (stage === 'initramfs') await doAll([['network', () => writeDefaultNetwork(host)]], tell)
}

async function doAll(acts: readonly Act[], tell: Tell): Promise<void> {
  for (const [what, act] of acts)
    try {
      await act()
    } catch (thrown) {
      tell(`${what}: ${toError(thrown).message}`)
    }
}

type Act = readonly [what: string, act: () => void | Promise<void>]

function actsOf(
  host: StageHost,
  stage: StageName,
  skerry: SkerryBlock,
  tell: Tell,
): readonly Act[] {
  if (stage === 'initramfs')
    return [
      ['persistentPaths', () => applyPersistentPaths(host, skerry.persistentPaths ?? [], tell)],
      ['caCertificates', () => applyCertificates(host, skerry.caCertificates ?? [])],
      ['proxy', () => applyProxy(host, skerry)],
      ['network', () => writeNetworkFiles(host, skerry, tell)],
    ]
  if (stage === 'boot') return [['network', () => startNetwork(host, skerry, tell)]]
  const ntp: Act = ['ntp', () => setClock(host, skerry.ntp ?? [], tell)]
  if (stage === 'network') return [['network', () => waitForNetwork(host, tell)], ntp]
  if (stage === 'reconcile') return [ntp]
  return []
}
