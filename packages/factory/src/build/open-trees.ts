import { type TreeOptions, ensureTree } from '../debian/ensure-tree.ts'
import type { Tree } from '../debian/tree.ts'
import { kernelVersionOf } from '../root/kernel-modules.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { timed } from './ensure-step.ts'
import { neededSets } from './needed-sets.ts'

/** How packages are fetched and unpacked in this build. */
export function treeOptions(context: BuildContext, step: string): TreeOptions {
  const { mirror, clock, signal, onProgress } = context
  return {
    clock,
    ...(mirror === undefined ? {} : { mirror }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: (progress) => onProgress({ step, state: 'Under way', progress }),
  }
}

export function openTree(context: BuildContext, set: string): Promise<Tree> {
  const { cache, lock } = context
  const step = `packages: ${set}`
  return timed(context, step, () => ensureTree(cache, lock, set, treeOptions(context, step)))
}

export async function openTrees(context: BuildContext): Promise<BuildTrees> {
  const { kernel: kernelSet } = neededSets(context.schematic.schematic)
  const tools = await openTree(context, 'tools')
  const initrd = await openTree(context, 'initrd')
  const kernel = await openTree(context, kernelSet)
  return { tools, initrd, kernel, kernelVersion: await kernelVersionOf(kernel) }
}
