import { type RootName, buildRootImages, rootNames } from '../roots/root-images.ts'
import { tourRoot } from '../roots/tour-root.ts'
import type { Scenario } from '../scenario.ts'

const starters: Readonly<Record<RootName, string>> = {
  systemd: 'a Debian with systemd',
  openrc: 'a Debian with OpenRC',
  sysvinit: 'a Debian with sysvinit',
  busybox: 'a root of busybox alone',
}

/** The examples that users begin with, from power-on through an update and a bad image. */
export const fourRoots: readonly Scenario[] = rootNames.map((name) => ({
  name: `root-${name}`,
  what: `${starters[name]} boots, keeps what it must, is updated, and falls back from a bad image`,
  images: [],
  hasOwnMachine: true,
  // Each root runs under the same signed kernel and initrd: one of them is enough to see that.
  isAlsoSecure: name === 'systemd',
  sources: ['e2e/boot/roots/*.ts', 'examples/images/*.yaml', 'packages/factory/debian/**/*'],
  async run({ world, lane }) {
    const say = (line: string) => world.say(`${lane.name}: ${name}: ${line}`)
    const images = await buildRootImages({ name, isLean: true, say })
    const steps = await tourRoot(world.trees, images, { secureBoot: lane.secureBoot, say })
    return { processorSeconds: steps.reduce((sum, step) => sum + step.processorSeconds, 0) }
  },
}))
