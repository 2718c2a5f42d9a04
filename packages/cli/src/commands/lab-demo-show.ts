import { relative } from 'node:path'
import type { Device } from '@skerry/api/kinds/device'
import type { Site } from '@skerry/api/kinds/site'
import { systemClock } from '@skerry/base/clock'
import type { HubAccess } from '../hub-access.ts'
import { paint } from '../output.ts'
import { describeOs } from './agent-status.ts'
import type { DemoPlace } from './lab-demo-place.ts'
import type { DemoStory } from './lab-demo-story.ts'
import { demoDevice, demoSite } from './lab-demo-watch.ts'
import { listRollouts } from './rollout.ts'
import { describeSite } from './site.ts'

/** What a person would look at afterwards: the site, its machine, the rollouts, and the times. */
export async function showDemo(shown: {
  readonly hub: HubAccess
  readonly story: DemoStory
  readonly place: DemoPlace
}): Promise<void> {
  const { hub, story, place } = shown
  const [site, device] = [await demoSite(hub), await demoDevice(hub)]
  process.stdout.write(describeEnd(site, device, systemClock.now()))
  process.stdout.write(headline('skerry rollout list'))
  await listRollouts(hub, 'table')
  process.stdout.write(headline('what took how long') + story.table())
  process.stdout.write(
    `\nThe machine's console is in ${relative(process.cwd(), place.console)}. What to do with an image of your own: docs/os-images.md.\n`,
  )
}

/** The site and its machine after it all. */
export function describeEnd(
  site: Site | undefined,
  device: Device | undefined,
  nowMs: number,
): string {
  const os = device?.status?.os
  return [
    ...(site === undefined
      ? []
      : [headline(`skerry site show ${site.metadata.name}`), describeSite(site, nowMs)]),
    ...(device === undefined || os === undefined
      ? []
      : [
          headline(
            `what the hub knows of its machine (kubectl describe device ${device.metadata.name})`,
          ),
          ...describeOs(os).map((line) => `  ${line.trimEnd()}\n`),
        ]),
  ].join('')
}

const headline = (text: string) => `\n${paint.bold(text)}\n`
