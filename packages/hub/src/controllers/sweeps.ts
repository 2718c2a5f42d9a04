import { type Event, eventKind } from '@skerry/api/kinds/core'
import { isApiError } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import type { Controller, View } from '@skerry/controller/controller'
import type { RollupStore } from '@skerry/store/hub-store'
import { eventKeptMs, eventSweepMs, eventsKeptMax, rollupKeptMs, rollupSweepMs } from './limits.ts'

/** Forgets events that are old, or too many. */
export function createEventExpiryController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'event-expiry',
    reads: [],
    owns: [],
    makes: [eventKind],
    seeds: ['all'],
    reconcile: async (_key, view) => {
      await sweepEvents(view, clock)
      return { againAfterMs: eventSweepMs }
    },
  }
}

async function sweepEvents({ state }: View, clock: Clock): Promise<void> {
  const { items } = await state.list(eventKind)
  const oldestFirst = items.toSorted((left, right) => timeOf(left) - timeOf(right))
  const tooMany = Math.max(0, oldestFirst.length - eventsKeptMax)
  const olderThanMs = clock.now() - eventKeptMs
  for (const [at, event] of oldestFirst.entries()) {
    if (at >= tooMany && timeOf(event) >= olderThanMs) return
    await state.delete(eventKind, event.metadata).catch((thrown: unknown) => {
      if (!isApiError(thrown, 'NotFound')) throw thrown
    })
  }
}

function timeOf(event: Event): number {
  return Date.parse(event.lastTimestamp ?? event.metadata.creationTimestamp)
}

/** Forgets measurements that are old. */
export function createRollupPruningController(options: {
  readonly rollups: RollupStore
  readonly clock: Clock
}): Controller {
  return {
    name: 'rollup-pruning',
    reads: [],
    owns: [],
    seeds: ['all'],
    reconcile: async () => {
      await options.rollups.prune(options.clock.now() - rollupKeptMs)
      return { againAfterMs: rollupSweepMs }
    },
  }
}
