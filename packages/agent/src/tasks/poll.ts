import { backoffMs } from '@skerry/base/backoff'
import { type DeviceLink, LinkError } from '@skerry/client/device-link'
import { type CertificateLife, certificateLife, isRenewalDue } from '../certificate-life.ts'
import { DiskError } from '../host.ts'
import {
  connectTimeoutMs,
  keepAliveMs,
  pollIntervalMs,
  reconnectFirstMs,
  reconnectMaxMs,
  renewAtLifeShare,
  renewCheckMs,
} from '../limits.ts'
import { followKeys } from '../device-trust.ts'
import type { TargetIntake } from '../target-intake.ts'
import { type EnrolOptions, enrol } from './enrol.ts'

export type PollOptions = EnrolOptions & {
  readonly intake: TargetIntake
  readonly pollIntervalMs?: number
}

/**
 * Keeps a connection to the hub and takes the site specs that come over it. Whatever fails is tried
 * again for ever, ever more slowly: what runs at the site does not depend on it.
 */
export async function poll(options: PollOptions, signal: AbortSignal): Promise<void> {
  const { host, connection } = options
  await enrol(options, signal)
  const renewal: Renewal = { isAsked: false, notBeforeMs: -Infinity }
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const startMs = host.clock.monotonicMs()
    const reason = await session(options, renewal, signal)
    if (signal.aborted) return
    connection.set({ phase: 'Disconnected', message: reason })
    if (renewal.isFresh === true) {
      renewal.isFresh = false
      attempt = -1
      continue
    }
    host.log.warn('Not connected', { reason })
    // A hub that takes the connection and drops it at once is not well yet.
    if (host.clock.monotonicMs() - startMs >= reconnectMaxMs) attempt = 0
    const backoff = { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs }
    await host.clock.sleep(backoffMs(attempt, backoff, host.random), signal)
  }
}

type Renewal = {
  /** The hub said that the certificate is expired, whatever our clock says. */
  isAsked: boolean
  /** By the monotonic clock: a wall clock that jumped must not renew again and again. */
  notBeforeMs: number
  /** A new certificate waits to be used. */
  isFresh?: boolean
  /** What was last read out of a certificate: it is asked about every minute for a day. */
  read?: { readonly certificate: string; readonly life: CertificateLife | undefined }
}

/** One connection, from its beginning to its end. Returns why it ended. */
async function session(
  options: PollOptions,
  renewal: Renewal,
  signal: AbortSignal,
): Promise<string> {
  const { host, connection } = options
  connection.set({ ...connection.get(), phase: 'Connecting', link: undefined })
  const ended = new AbortController()
  const inner = AbortSignal.any([signal, ended.signal])
  try {
    await using link = await connect(options, inner)
    // An expired certificate opens nothing else: renewal comes first.
    if (isDue(options, renewal) && (await renew(options, { link, renewal })))
      return 'the certificate was renewed'
    connection.set({ phase: 'Connected', link })
    host.log.info('Connected')
    const aborted = new Promise<string>((resolve) => {
      inner.addEventListener('abort', () => resolve('the agent is stopping'), { once: true })
    })
    const work = [
      followSpecs(options, link, inner),
      renewWhenDue(options, { link, renewal }, inner),
      link.closed.then((error) => describeFailure(error)),
      aborted,
    ]
    // Whatever else fails after the first is part of the same end.
    for (const each of work) each.catch(() => {})
    return await Promise.race(work)
  } catch (error) {
    if (signal.aborted) return 'the agent is stopping'
    if (!(error instanceof LinkError) && !(error instanceof DiskError)) throw error
    if (error instanceof LinkError && error.reason === 'CertificateExpired') renewal.isAsked = true
    return describeFailure(error)
  } finally {
    connection.set({ ...connection.get(), link: undefined })
    ended.abort(new Error('The connection ended'))
  }
}

async function connect(options: PollOptions, signal: AbortSignal): Promise<DeviceLink> {
  const enrolment = options.trust.get()
  const key = (await options.state.key.read())?.key
  if (enrolment === undefined || key === undefined)
    throw new LinkError('Refused', 'the key of this device is lost: enrol it with a new token')
  const { gateway, authority, certificate, identity } = enrolment
  return options.host.network.device.connect(
    {
      gateway,
      authority,
      certificate,
      key,
      identity,
      proxy: options.config.proxy,
      connectTimeoutMs,
      keepAliveMs,
    },
    signal,
  )
}

/** Specs as they are pushed; while the stream does not work, asked for now and then. */
async function followSpecs(
  { host, intake, ...options }: PollOptions,
  link: DeviceLink,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    try {
      for await (const envelope of link.specs(intake.held(), signal)) await intake.accept(envelope)
    } catch (error) {
      if (!(error instanceof LinkError) || error.reason === 'CertificateExpired') throw error
      host.log.warn('The stream of site specs ended', { reason: describeFailure(error) })
    }
    if (signal.aborted) return 'the agent is stopping'
    const envelope = await link.pollSpec(intake.held())
    if (envelope !== undefined) await intake.accept(envelope)
    await host.clock.sleep(options.pollIntervalMs ?? pollIntervalMs, signal)
  }
}

type RenewContext = { readonly link: DeviceLink; readonly renewal: Renewal }

/** Returns when there is a new certificate, to be used by a new connection. */
async function renewWhenDue(
  options: PollOptions,
  { link, renewal }: RenewContext,
  signal: AbortSignal,
): Promise<string> {
  const { host } = options
  for (;;) {
    await host.clock.sleep(renewCheckMs, signal)
    if (isDue(options, renewal) && (await renew(options, { link, renewal })))
      return 'the certificate was renewed'
  }
}

function isDue({ host, trust }: PollOptions, renewal: Renewal): boolean {
  if (renewal.isAsked) return true
  if (host.clock.monotonicMs() < renewal.notBeforeMs) return false
  const certificate = trust.get()?.certificate ?? ''
  if (renewal.read?.certificate !== certificate)
    renewal.read = { certificate, life: certificateLife(certificate) }
  return isRenewalDue(renewal.read.life, host.clock.now())
}

async function renew(
  { host, trust, state }: PollOptions,
  { link, renewal }: RenewContext,
): Promise<boolean> {
  const enrolment = trust.get()
  const kept = await state.key.read()
  if (enrolment === undefined || kept === undefined) return false
  try {
    const { certificate, authority, trustedKeySet } = await link.renew({ request: kept.request })
    const followed = followKeys(enrolment, trustedKeySet)
    if (!followed.ok)
      host.log.warn('The keys that sign specs stay as they are', { reason: followed.message })
    await trust.save({
      ...enrolment,
      certificate,
      authority,
      ...(followed.ok ? followed.keys : {}),
    })
    const life = certificateLife(certificate)
    renewal.isAsked = false
    renewal.isFresh = true
    renewal.notBeforeMs = host.clock.monotonicMs() + usefulMs(life)
    host.log.info('The certificate was renewed')
    return true
  } catch (error) {
    if (!(error instanceof LinkError)) throw error
    host.log.warn('The certificate was not renewed', { reason: describeFailure(error) })
    return false
  }
}

/** How long a new certificate is not renewed, even if our clock thinks it expired or it cannot be read. */
function usefulMs(life: CertificateLife | undefined): number {
  if (life === undefined) return renewCheckMs
  return Math.max(renewCheckMs / 60, (life.notAfterMs - life.notBeforeMs) * renewAtLifeShare)
}

function describeFailure(error: Error): string {
  return error instanceof LinkError ? `${error.reason}: ${error.message}` : error.message
}
