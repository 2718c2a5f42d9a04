import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { systemClock } from '@skerry/base/clock'
import { configMapKind } from '@skerry/api/kinds/core'
import type { ApiRequest, Attributes } from '../api-server/authorization.ts'
import { createFlowControl } from '../flow/flow-control.ts'
import { createHubMetrics } from './hub-metrics.ts'
import { createRequestCounters } from './request-counters.ts'
import { requestLabels } from './request-labels.ts'

const request = (method: string) => ({ method }) as ApiRequest
const sites = (verb: string, more: object = {}): Attributes => ({
  type: 'resource',
  verb,
  group: 'skerry.dev',
  version: 'v1alpha1',
  resource: 'sites',
  ...more,
})
const outcome = { code: 200, durationMs: 12, isDryRun: false }

test('requests are counted under the names and labels of a kube-apiserver', async () => {
  const metrics = createHubMetrics(systemClock)
  metrics.begin(request('GET')).done({ ...outcome, attributes: sites('list') })
  const open = metrics.begin(request('POST'))
  const watch = metrics.begin(request('GET'))
  watch.begun(sites('watch', { namespace: 'shop' }))
  metrics.begin(request('PATCH')).done({ ...outcome, code: 400, attributes: undefined })
  metrics.sent?.(configMapKind, 2)
  const flow = createFlowControl(systemClock)
  metrics.followFlow(() => flow.figures())
  const figures = { written: 3, dropped: 1, waitingBytes: 0 }
  metrics.followAudit({
    write: () => {},
    figures: () => figures,
    [Symbol.asyncDispose]: async () => {},
  })
  metrics.store.committed({ writes: 7, durationMs: 3 })
  metrics.store.follow({
    queuedWrites: () => 5,
    changesBehind: () => Promise.reject(new Error('no database')),
  })
  const { text, contentType } = await metrics.expose()
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
  const kind =
    'group="skerry.dev",version="v1alpha1",resource="sites",subresource="",scope="cluster",component="apiserver"'
  for (const line of [
    `apiserver_request_total{verb="LIST",${kind},dry_run="",code="200"} 1`,
    `apiserver_request_duration_seconds_bucket{le="0.025",verb="LIST",${kind},dry_run=""} 1`,
    'apiserver_current_inflight_requests{request_kind="mutating"} 1',
    'apiserver_current_inflight_requests{request_kind="readOnly"} 0',
    `apiserver_longrunning_requests{verb="WATCH",${kind.replace('cluster', 'namespace')}} 1`,
    'apiserver_watch_events_total{group="",version="v1",kind="ConfigMap"} 2',
    'apiserver_flowcontrol_nominal_limit_seats{priority_level="leader-election"} 60',
    'apiserver_flowcontrol_rejected_requests_total{priority_level="catch-all",reason="queue-full"} 0',
    'apiserver_audit_event_total 3',
    'apiserver_audit_error_total{plugin="log"} 1',
    'skerry_store_batch_writes_bucket{le="10"} 1',
    'skerry_store_queued_writes 5',
    'skerry_store_changes_behind -1',
  ])
    assert.ok(text.includes(`${line}\n`), `${line}\n${text}`)
  assert.match(text, /^process_resident_memory_bytes \d+/m)
  watch.done({ ...outcome, attributes: sites('watch') })
  open.done({ ...outcome, attributes: sites('create') })
  const after = (await metrics.expose()).text
  assert.match(after, /apiserver_longrunning_requests\{verb="WATCH".*\} 0/)
  assert.match(after, /apiserver_current_inflight_requests\{request_kind="mutating"\} 0/)
})

test('whatever clients ask for, the sets of labels are bounded', async () => {
  const registry = new Registry()
  const counters = createRequestCounters(registry, 10)
  for (let at = 0; at < 100; at += 1) {
    const attributes = sites('list', { resource: `kind${at}` })
    counters.begin(request('GET')).done({ ...outcome, attributes })
  }
  const text = await registry.metrics()
  assert.equal(text.match(/^apiserver_request_total/gm)?.length, 11)
  assert.match(text, /apiserver_request_total\{.*resource="other".*verb="other".*\} 90/)
  const odd: Attributes = { type: 'path', verb: 'brew', path: '/api/../x'.repeat(500) }
  assert.deepEqual([requestLabels(odd).verb, requestLabels(odd).subresource], ['other', '/api'])
  assert.equal(requestLabels({ ...odd, verb: '__proto__', path: 'x' }).verb, 'other')
})

test('counting a request costs less than 20 microseconds', () => {
  const counters = createRequestCounters(new Registry())
  const attributes = sites('get', { name: 'x', namespace: 'y' })
  const perRequest = (count: number) => {
    const startedMs = performance.now()
    for (let at = 0; at < count; at += 1)
      counters.begin(request('GET')).done({ ...outcome, attributes })
    return ((performance.now() - startedMs) * 1000) / count
  }
  perRequest(5000)
  const best = Math.min(...Array.from({ length: 10 }, () => perRequest(2000)))
  assert.ok(best < 20, `${best.toFixed(2)} microseconds`)
})
