import { backoffMs } from '@skerry/base/backoff'
import { joinTokenCredential } from '@skerry/api/join-token'
import { createDeviceKey, createSigningRequest } from '@skerry/client/device-key'
import { LinkError } from '@skerry/client/device-link'
import type { AgentConfig } from '../agent-config.ts'
import type { Bus } from '../bus.ts'
import type { ConnectionState } from '../buses.ts'
import type { DeviceTrust } from '../device-trust.ts'
import { untilAborted } from '../first-of.ts'
import { DiskError, type Host } from '../host.ts'
import { connectTimeoutMs, enrolPollMs, reconnectFirstMs, reconnectMaxMs } from '../limits.ts'
import type { AgentState, DeviceKey } from '../state/agent-state.ts'

export type EnrolOptions = {
  readonly host: Host
  readonly config: AgentConfig
  readonly state: AgentState
  readonly trust: DeviceTrust
  readonly connection: Bus<ConnectionState>
}

const backoff = { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs }

/** Asks the hub to let the device in, with the same request until it is. */
export async function enrol(options: EnrolOptions, signal: AbortSignal): Promise<void> {
  const { host, config, connection } = options
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await enrolOnce(options).catch(diskFailure)
    if (outcome.ok) return
    connection.set({ phase: 'NotEnrolled', message: outcome.message })
    if (outcome.message === howToEnrol(config)) {
      host.log.error(outcome.message)
      return untilAborted(signal)
    }
    host.log.warn('Not enrolled yet', { reason: outcome.message })
    const waitMs = outcome.isPending ? enrolPollMs : backoffMs(attempt, backoff, host.random)
    await host.clock.sleep(waitMs, signal)
  }
}

function howToEnrol({ hub, configuredBy }: AgentConfig): string {
  if (configuredBy === undefined)
    return 'this device has not enrolled: start the agent once with --join TOKEN'
  const missing = hub === undefined ? 'skerry.hub and skerry.token' : 'skerry.token'
  return `this machine has not joined a hub: put ${missing} into ${configuredBy}`
}

type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly isPending: boolean; readonly message: string }

/** Nothing is asked where the device has enrolled already. */
async function enrolOnce(options: EnrolOptions): Promise<Outcome> {
  const isKnown = options.trust.get() !== undefined
  return isKnown && (await options.state.key.read()) !== undefined ? { ok: true } : askOnce(options)
}

/** What the disk does not do now it may do later. */
function diskFailure(error: unknown): Outcome {
  if (!(error instanceof DiskError)) throw error
  return { ok: false, isPending: false, message: error.message }
}

async function askOnce(options: EnrolOptions): Promise<Outcome> {
  const { host, config, trust } = options
  const { join, site, namespace, proxy, hub } = config
  if (join === undefined || hub === undefined)
    return { ok: false, isPending: false, message: howToEnrol(config) }
  const { request } = await loadKey(options)
  const { authorityDigest } = join
  try {
    const response = await host.network.device.enroll(
      { hub, authorityDigest, proxy, timeoutMs: connectTimeoutMs },
      {
        request,
        token: joinTokenCredential(join),
        hardware: hardwareOf(host),
        ...(site === undefined ? {} : { site }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    )
    if (response.phase !== 'Approved') {
      const isPending = response.phase === 'Pending'
      return { ok: false, isPending, message: `${response.phase}: ${response.message}` }
    }
    const { identity, certificate, authority, trustedKeys, gateway } = response
    await trust.save({ identity, certificate, authority, trustedKeys, gateway })
    host.log.info('Enrolled', { site: `${identity.namespace}/${identity.site}` })
    return { ok: true }
  } catch (error) {
    if (!(error instanceof LinkError)) throw error
    return { ok: false, isPending: false, message: `${error.reason}: ${error.message}` }
  }
}

/** The key is made once, here, and never leaves the device; the request that it signs is kept with it. */
async function loadKey({ state, config, host }: EnrolOptions): Promise<DeviceKey> {
  const kept = await state.key.read()
  if (kept !== undefined) return kept
  const key = createDeviceKey()
  const made = { key, request: createSigningRequest(key, config.site ?? host.machine.hostname) }
  await state.key.write(made)
  return made
}

function hardwareOf({ machine }: Host): Record<string, string> {
  return {
    architecture: machine.architecture,
    hostname: machine.hostname,
    memoryBytes: String(machine.memoryBytes),
  }
}
