import { toError } from '@skerry/base/assert'
import { type Clock, toMicroTimestamp } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { type Lease, leaseKind } from '@skerry/api/kinds/core'
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

/**
 * Runs `run` whenever the lease is held, with a signal that aborts when it is lost. `isLeading` says at
 * any moment whether it may still write: a process that stood still hears it before the signal.
 */
export async function runWhileLeading(
  options: LeaseOptions,
  run: (signal: AbortSignal, isLeading: () => boolean) => Promise<void>,
): Promise<void> {
  const { clock, log, signal, identity } = options
  const claim = new LeaseClaim(options)
  while (!signal.aborted) {
    if ((await claim.tryHold()) !== 'Held') {
      await clock.sleep(leaseRenewMs, signal).catch(() => {})
      continue
    }
    log.info('this hub leads', { identity })
    const term = new AbortController()
    const leading = AbortSignal.any([signal, term.signal])
    const running = run(leading, () => !leading.aborted && claim.isHeld())
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

/** Renewals without an answer before the term is over, with some to spare. */
const writtenMax = 4

class LeaseClaim {
  readonly #options: LeaseOptions
  /** What was last seen of another's lease and when, by our own monotonic clock: clocks may differ. */
  #seen: { readonly text: string; readonly atMs: number } | undefined
  #heldUntilMs = 0
  /** The times that we wrote, newest last; more than one if the answer to a write was lost. */
  #written: string[] = []

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Takes or renews the lease. A store that does not answer is no answer. */
  async tryHold(): Promise<'Held' | 'Anothers' | 'Unknown'> {
    const { state, clock, identity, name, namespace, log } = this.#options
    try {
      const lease = await state.get(leaseKind, { namespace, name })
      if (lease !== undefined && !this.#mayTake(lease)) return 'Anothers'
      const startedMs = clock.monotonicMs()
      await this.#write(lease, identity)
      this.#heldUntilMs = startedMs + leaseDurationMs
      return 'Held'
    } catch (thrown) {
      if (!isApiError(thrown, 'Conflict', 'AlreadyExists'))
        log.warn('the lease could not be taken', { error: toError(thrown).message })
      return 'Unknown'
    }
  }

  /** Whether nobody else can lead: with time to spare for a write that is under way. */
  isHeld(): boolean {
    return this.#options.clock.monotonicMs() + leaseRenewMs < this.#heldUntilMs
  }

  /** Renews until it fails for so long that somebody else may lead; then aborts the term. */
  async keep(term: AbortController): Promise<void> {
    const { clock, signal } = this.#options
    for (;;) {
      await clock.sleep(leaseRenewMs, AbortSignal.any([signal, term.signal])).catch(() => {})
      if (signal.aborted || term.signal.aborted) return
      if ((await this.tryHold()) === 'Anothers' || !this.isHeld()) return
    }
  }

  /** Lets the next one lead at once. */
  async release(): Promise<void> {
    const { state, identity, name, namespace } = this.#options
    try {
      const lease = await state.get(leaseKind, { namespace, name })
      const isOurs = lease?.spec.holderIdentity === identity && this.#isOwn(lease.spec)
      if (isOurs) await this.#write(lease, '')
    } catch {
      // It runs out by itself.
    }
  }

  #mayTake({ spec }: Lease): boolean {
    const { clock } = this.#options
    if ((spec.holderIdentity ?? '') === '' || this.#isOwn(spec)) return true
    const text = `${spec.holderIdentity} ${spec.renewTime ?? ''}`
    if (this.#seen?.text !== text) this.#seen = { text, atMs: clock.monotonicMs() }
    const durationMs = (spec.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000
    return clock.monotonicMs() - this.#seen.atMs > durationMs
  }

  /**
   * What bears our name is ours when we start, and then only what we wrote: a data directory that was
   * copied makes a second hub of the same name.
   */
  #isOwn({ holderIdentity, renewTime }: Lease['spec']): boolean {
    if (holderIdentity !== this.#options.identity) return false
    return this.#written.length === 0 || this.#written.includes(renewTime ?? '')
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
    this.#written = [...this.#written.slice(-writtenMax), now]
    if (lease === undefined) await state.create(leaseKind, { metadata: { name, namespace }, spec })
    else await state.update(leaseKind, { ...lease, spec })
  }
}
