import { deviceKind } from '@skerry/api/kinds/device'
import { siteKind } from '@skerry/api/kinds/site'
import type { Controller } from '@skerry/controller/controller'

/**
 * Owns what sites report. Reports are no objects: they come through the gateway to `site-reports.ts`,
 * in whichever hub process the site is connected to, so there is nothing to reconcile here.
 */
export const siteReportController: Controller = {
  name: 'site-report',
  reads: [],
  owns: [
    ...(
      [
        'health',
        'healthMessage',
        'device',
        'agentVersion',
        'applied',
        'layers',
        'models',
        'failed',
        'fetched',
      ] as const
    ).map((field) => [siteKind, field] as const),
    ...(['agentVersion', 'bootId', 'architecture', 'memoryBytes', 'os'] as const).map(
      (field) => [deviceKind, field] as const,
    ),
  ],
  reconcile: async () => {},
}
