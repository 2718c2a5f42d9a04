import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'
import { type ProgramFile, stageProgram } from '../program/stage-program.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { timed } from './ensure-step.ts'

export type Program = {
  readonly files: readonly ProgramFile[]
  readonly digest: Digest
}

/** The agent with all that it needs, or nothing where the schematic has none. */
export async function openProgram(context: BuildContext, trees: BuildTrees): Promise<Program> {
  const { agent, inference } = context.schematic.schematic
  if (!agent) return { files: [], digest: digestOf('no agent') }
  return timed(context, 'agent', async () => {
    const files = await stageProgram({
      tools: trees.tools.path,
      initrd: trees.initrd.path,
      cache: context.cache.roots,
      inference,
      strip: (from, to) => strip(trees, from, to, context.signal),
    })
    const lines: string[] = []
    for (const { path, mode, source } of files.toSorted((left, right) =>
      left.path < right.path ? -1 : 1,
    ))
      lines.push(
        `${path} ${mode} ${'link' in source ? source.link : digestOf(await readFile(source.file))}`,
      )
    return { files, digest: digestOf(lines.join('\n')) }
  })
}

async function strip(
  trees: BuildTrees,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await runInTools(
    trees.tools,
    {
      command: ['strip', '--strip-unneeded', '-o', `/mnt/out/${basename(to)}`, '/mnt/from'],
      binds: [
        { path: from, at: '/mnt/from' },
        { path: dirname(to), at: '/mnt/out', isWritable: true },
      ],
    },
    signal,
  )
}
