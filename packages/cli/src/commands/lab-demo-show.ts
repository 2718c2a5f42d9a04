import { relative } from 'node:path'
import { rolloutKind } from '@skerry/api/kinds/rollout'
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
  const say = (title: string, text: string) =>
    process.stdout.write(`\n${paint.bold(title)}\n${text}`)
  if (site !== undefined)
    say(`skerry site show ${site.metadata.name}`, describeSite(site, systemClock.now()))
  const os = device?.status?.os
  if (device !== undefined && os !== undefined)
    say(
      `the machine, as kubectl describe device ${device.metadata.name} has it`,
      describeOs(os)
        .map((line) => `  ${line.trimEnd()}\n`)
        .join(''),
    )
  say('skerry rollout list', '')
  await listRollouts(hub, 'table')
  const { items } = await hub.state.list(rolloutKind, { namespace: 'default' })
  say(`what it took (${items.length} rollouts)`, story.table())
  const console = relative(process.cwd(), place.console)
  process.stdout.write(`\nThe machine's console: ${console}\n`)
}
