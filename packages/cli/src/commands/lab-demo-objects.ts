import type { NewObject } from '@skerry/api/state'
import { type DemoVersion, demo } from './lab-demo-place.ts'

const namespace = 'default'

/** What a shop runs: its operating system, the model, and the program that asks it. */
export function demoProfile(version: DemoVersion): NewObject {
  return {
    metadata: { name: demo.profile, namespace },
    spec: {
      layers: [
        {
          name: 'system',
          type: 'os',
          os: { image: `shop-${version}`, health: { deadlineSeconds: 60 } },
        },
        { name: 'digits', type: 'model', model: { name: 'digits' } },
        {
          name: 'labels',
          type: 'workload',
          workload: {
            command: [
              '/usr/lib/skerry/node',
              '/usr/share/shop/read-labels.mjs',
              '/usr/share/shop/labels.bin',
            ],
          },
        },
      ],
    },
  }
}

/** One shop at a time, and none may fall back. */
export function demoFleet(): NewObject {
  return {
    metadata: { name: demo.fleet, namespace },
    spec: {
      selector: { matchLabels: demo.label },
      profile: demo.profile,
      rollout: {
        canary: { sites: 1 },
        soakSeconds: 5,
        onFailure: 'RollBackAll',
        gates: [{ metric: 'BootHealth', maxSites: 0, minSamples: 1 }],
      },
    },
  }
}

/** Whoever holds the token may join; what the machine is told on a drive at its first start. */
export function demoUserData(hub: string, token: string): string {
  return [
    '#cloud-config',
    'skerry:',
    `  hub: ${hub}`,
    `  token: ${token}`,
    `  site: ${demo.site}`,
    '',
  ].join('\n')
}
