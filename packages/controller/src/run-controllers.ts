import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import type { Controller, View } from './controller.ts'
import { ownershipProblems } from './describe-graph.ts'
import { conflictRetryMs, resyncMs, retryFirstMs, retryMaxMs } from './limits.ts'
import { createLeaderState } from './leader-state.ts'
import { ObjectCache } from './object-cache.ts'
import { type LeaseOptions, runWhileLeading } from './run-while-leading.ts'
import { WorkQueue } from './work-queue.ts'

export type RunOptions = {
  readonly state: State
  readonly controllers: readonly Controller[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly signal: AbortSignal
  /** Who asks to lead, and by which lease; absent: this process is the only one. */
  readonly lease?: Pick<LeaseOptions, 'identity' | 'name' | 'namespace'> | undefined
}

/** Runs the controllers while this process leads, until the signal aborts. */
export async function runControllers(options: RunOptions): Promise<void> {
  const problems = ownershipProblems(options.controllers)
  if (problems.length > 0) throw new Error(`The controllers disagree: ${problems.join('; ')}.`)
  const { lease, state, clock, random, log, signal } = options
  if (lease === undefined) return lead(options, signal)
  return runWhileLeading({ ...lease, state, clock, random, log, signal }, (leading, isLeading) =>
    lead({ ...options, state: createLeaderState(state, isLeading) }, leading),
  )
}

async function lead(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { controllers, clock, state } = options
  const queues = new Map(controllers.map(({ name }) => [name, new WorkQueue(clock, signal)]))
  const kinds = new Map(
    controllers.flatMap(({ reads }) => reads.map(({ kind }) => [resourceName(kind), kind])),
  )
  const tell = (kind: AnyKind, object: StoredObject, before?: StoredObject) => {
    for (const { name, reads, readsAlso } of controllers)
      for (const read of [...reads, ...(readsAlso?.now() ?? [])])
        if (resourceName(read.kind) === resourceName(kind))
          for (const key of read.keysOf(object, cache, before)) queues.get(name)!.add(key)
  }
  const cache = new ObjectCache({ ...options, kinds: [...kinds.values()], onChange: tell })
  const view: View = { state, cached: cache }
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  const following = cache.run(signal, resolve)
  await synced
  using _ = followAlso(controllers, cache, signal)
  const working = controllers.flatMap((controller) => {
    const queue = queues.get(controller.name)!
    return Array.from({ length: controller.workers ?? 1 }, () =>
      work(options, controller, { queue, view, signal }),
    )
  })
  const resyncing = resync(options, { queues, cache, kinds: [...kinds.values()], tell, signal })
  await Promise.all([following, resyncing, ...working])
}

/** Follows the kinds that come and go, until it is disposed of. */
function followAlso(
  controllers: readonly Controller[],
  cache: ObjectCache,
  signal: AbortSignal,
): Disposable {
  const more = controllers.flatMap(({ readsAlso }) => readsAlso ?? [])
  const follow = (): void =>
    cache.followAlso(
      more.flatMap((each) => each.now().map(({ kind }) => kind)),
      signal,
    )
  const subscriptions = new DisposableStack()
  for (const each of more) subscriptions.use(each.subscribe(follow))
  follow()
  return subscriptions
}

type Bench = { readonly queue: WorkQueue; readonly view: View; readonly signal: AbortSignal }

async function work(options: RunOptions, controller: Controller, bench: Bench): Promise<void> {
  const { queue, view, signal } = bench
  const failures = new Map<string, number>()
  for (;;) {
    const key = await queue.next()
    if (key === undefined) return
    try {
      const outcome = await controller.reconcile(key, view)
      failures.delete(key)
      if (outcome !== undefined) queue.addAfter(key, outcome.againAfterMs)
    } catch (thrown) {
      if (signal.aborted) return
      queue.addAfter(key, retryDelayMs(options, { controller, key, failures }, toError(thrown)))
    } finally {
      queue.done(key)
    }
  }
}

/** Somebody else was faster: that is no failure. Anything else waits longer each time. */
function retryDelayMs(
  { log, random }: RunOptions,
  at: { controller: Controller; key: string; failures: Map<string, number> },
  error: Error,
): number {
  if (isApiError(error, 'Conflict')) return conflictRetryMs
  const count = at.failures.get(at.key) ?? 0
  at.failures.set(at.key, count + 1)
  const delayMs = backoffMs(count, { firstMs: retryFirstMs, maxMs: retryMaxMs }, random)
  log.warn('a controller failed and will look again', {
    controller: at.controller.name,
    key: at.key,
    error: error.message,
    againAfterMs: Math.round(delayMs),
  })
  return delayMs
}

type ResyncParts = {
  readonly queues: ReadonlyMap<string, WorkQueue>
  readonly cache: ObjectCache
  readonly kinds: readonly AnyKind[]
  readonly tell: (kind: AnyKind, object: StoredObject) => void
  readonly signal: AbortSignal
}

async function resync({ controllers, clock }: RunOptions, parts: ResyncParts): Promise<void> {
  const { queues, cache, kinds, tell, signal } = parts
  while (!signal.aborted) {
    for (const { name, seeds = [] } of controllers)
      for (const seed of seeds) queues.get(name)!.add(seed)
    await clock.sleep(resyncMs, signal).catch(() => {})
    if (signal.aborted) return
    for (const kind of kinds) for (const object of cache.list(kind)) tell(kind, object)
  }
}
