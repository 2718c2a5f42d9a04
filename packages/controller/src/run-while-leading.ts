import { toError } from '@skerry/base/assert'
import { type Clock, toMicroTimestamp } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { type Lease, leaseKind } from '@skerry/api/kinds/core'
import type { KubeObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { leaseDurationMs, leaseRenewMs } from './limits.ts'

export type LeaseOptions = {
  readonly state: State
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly signal: AbortSignal
  /** Stays the same over restarts of the same hub, which may then go on leading at once. */
  readonly identity: string
  readonly name: string
  readonly namespace: string
}

/** Runs `run` whenever the lease is held, with a signal that aborts when it is lost. */
export async function runWhileLeading(
  options: LeaseOptions,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock, log, signal, identity } = options
  const claim = new LeaseClaim(options)
  while (!signal.aborted) {
    if (!(await claim.tryHold())) {
      await clock.sleep(leaseRenewMs, signal).catch(() => {})
      continue
    }
    log.info('this hub leads', { identity })
    const term = new AbortController()
    const running = run(AbortSignal.any([signal, term.signal]))
    const renewing = claim.keep(term)
    try {
      await Promise.race([running, renewing])
    } finally {
      term.abort(new Error('The lease was lost.'))
      await Promise.allSettled([running, renewing])
    }
    if (!signal.aborted) log.warn('this hub no longer leads', { identity })
    await running
  }
  await claim.release()
}

class LeaseClaim {
  readonly #options: LeaseOptions
  /** What was last seen of another's lease and when, by our own monotonic clock: clocks may differ. */
  #seen: { readonly text: string; readonly atMs: number } | undefined
  #heldUntilMs = 0

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Takes or renews the lease. A store that does not answer is no answer. */
  async tryHold(): Promise<boolean> {
    const { state, clock, identity, name, namespace, log } = this.#options
    try {
      const lease = await state.get(leaseKind, { namespace, name })
      if (lease !== undefined && !this.#mayTake(lease)) return false
      const startedMs = clock.monotonicMs()
      await this.#write(lease, identity)
      this.#heldUntilMs = startedMs + leaseDurationMs
      return true
    } catch (thrown) {
      if (!isApiError(thrown, 'Conflict', 'AlreadyExists'))
        log.warn('the lease could not be taken', { error: toError(thrown).message })
      return false
    }
  }

  /** Renews until it fails for so long that somebody else may lead; then aborts the term. */
  async keep(term: AbortController): Promise<void> {
    const { clock, signal } = this.#options
    for (;;) {
      await clock.sleep(leaseRenewMs, AbortSignal.any([signal, term.signal])).catch(() => {})
      if (signal.aborted || term.signal.aborted) return
      if (await this.tryHold()) continue
      if (clock.monotonicMs() + leaseRenewMs >= this.#heldUntilMs) return
    }
  }

  /** Lets the next one lead at once. */
  async release(): Promise<void> {
    const { state, identity, name, namespace } = this.#options
    try {
      const lease = await state.get(leaseKind, { namespace, name })
      if (lease?.spec.holderIdentity === identity) await this.#write(lease, '')
    } catch {
      // It runs out by itself.
    }
  }

  #mayTake({ spec }: Lease): boolean {
    const { clock, identity } = this.#options
    const holder = spec.holderIdentity ?? ''
    if (holder === '' || holder === identity) return true
    const text = `${holder} ${spec.renewTime ?? ''}`
    if (this.#seen?.text !== text) this.#seen = { text, atMs: clock.monotonicMs() }
    const durationMs = (spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000
    const renewedMs = Date.parse(spec.renewTime ?? '')
    const isLongAgo = renewedMs + durationMs < clock.now()
    return isLongAgo || clock.monotonicMs() - this.#seen.atMs > durationMs
  }

  async #write(lease: Lease | undefined, holderIdentity: string): Promise<void> {
    const { state, clock, name, namespace } = this.#options
    const now = toMicroTimestamp(clock.now())
    const before = lease?.spec
    const isSame = before?.holderIdentity === holderIdentity
    const spec = {
      holderIdentity,
      leaseDurationSeconds: leaseDurationMs / 1000,
      acquireTime: isSame ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (isSame || before === undefined ? 0 : 1),
    }
    if (lease === undefined) await state.create(leaseKind, { metadata: { name, namespace }, spec })
    else await state.update(leaseKind, { ...lease, spec } as unknown as KubeObject)
  }
}
