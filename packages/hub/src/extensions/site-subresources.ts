import type { SiteMetrics } from '@skerry/api/metrics'
import type { Clock } from '@skerry/base/clock'
import type { RollupStore } from '@skerry/store/hub-store'
import type { SubresourceHandler } from '../api-server/extension.ts'
import { parseMetricsQuery, readSiteMetrics } from './site-metrics.ts'

/** `GET …/sites/NAME/metrics`, and `…/sites/-/metrics` for all sites of the namespace. */
export function createSiteMetricsHandler(rollups: RollupStore, clock: Clock): SubresourceHandler {
  const read = (
    site: { namespace: string; names?: readonly string[] | undefined },
    query: URLSearchParams,
  ): Promise<SiteMetrics> => readSiteMetrics({ rollups, clock }, site, parseMetricsQuery(query))
  return {
    verbs: ['get'],
    handle: ({ object, query }) =>
      read({ namespace: object.metadata.namespace ?? '', names: [object.metadata.name] }, query),
    handleAll: ({ namespace, names, query }) => read({ namespace, names }, query),
  }
}
