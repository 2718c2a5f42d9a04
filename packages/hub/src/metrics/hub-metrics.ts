import { Counter, Registry, collectDefaultMetrics } from 'prom-client'
import type { Clock } from '@skerry/base/clock'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { RequestMetrics } from '../api-server/request-metrics.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { FlowFigures } from '../flow/flow-control.ts'
import { createFlowGauges } from './flow-gauges.ts'
import { requestSeriesMax } from './limits.ts'
import { createRequestCounters } from './request-counters.ts'
import { type StoreMeter, createStoreMeter } from './store-gauges.ts'

export type HubMetrics = RequestMetrics & {
  readonly store: StoreMeter
  followFlow(figures: () => readonly FlowFigures[]): void
  followAudit(log: AuditLog): void
}

/** Everything that a hub counts of itself, as Prometheus reads it. */
export function createHubMetrics(clock: Clock): HubMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const sent = createEventCounter(registry)
  return {
    ...createRequestCounters(registry),
    store: createStoreMeter(registry, clock),
    sent,
    followFlow: (figures) => createFlowGauges(registry, figures),
    followAudit: (log) => followAudit(registry, log),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

/** Counted by kind in a plain map, which is on the way of every event, and told when somebody asks. */
function createEventCounter(registry: Registry): (kind: AnyKind, events: number) => void {
  const counts = new Map<string, { readonly kind: AnyKind; count: number }>()
  new Counter({
    name: 'apiserver_watch_events_total',
    help: 'Events sent to watchers.',
    labelNames: ['group', 'version', 'kind'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { kind, count } of counts.values())
        this.inc({ group: kind.group, version: kind.version, kind: kind.kind }, count)
    },
  })
  return (kind, events) => {
    const name = resourceName(kind)
    const found = counts.get(name)
    if (found !== undefined) found.count += events
    else if (counts.size < requestSeriesMax) counts.set(name, { kind, count: events })
  }
}

function followAudit(registry: Registry, log: AuditLog): void {
  const registers = [registry]
  new Counter({
    name: 'apiserver_audit_event_total',
    help: 'Audit events written.',
    registers,
    collect() {
      this.reset()
      this.inc(log.figures().written)
    },
  })
  new Counter({
    name: 'apiserver_audit_error_total',
    help: 'Audit events lost.',
    labelNames: ['plugin'],
    registers,
    collect() {
      this.reset()
      this.inc({ plugin: 'log' }, log.figures().dropped)
    },
  })
}
