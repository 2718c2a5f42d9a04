import { readFile } from 'node:fs/promises'
import { nodePaths } from '@skerry/api/os/os-layout'
import type { ResolvedSchematic } from '@skerry/factory/build/resolve-schematic'
import { resolveSchematic } from '@skerry/factory/build/resolve-schematic'
import { checkConfig } from '@skerry/node-os/cloud-config/check-config'
import { findingText } from '@skerry/node-os/cloud-config/finding'
import { CommandError, exitCodes } from '../exit-code.ts'
import { paint } from '../output.ts'

/**
 * Says what a machine would say of the cloud-config that goes into an image, before the image is built: a
 * mistake in it is in ten thousand places later. Warnings are said, errors end the build.
 */
export async function checkImageConfig(schematicFile: string): Promise<void> {
  const files = await configsOf(await resolveSchematic(schematicFile))
  const { findings, errors } = checkConfig(files)
  for (const finding of findings) {
    const line = findingText(finding)
    const colour = finding.severity === 'error' ? paint.red : paint.yellow
    process.stderr.write(`${colour(line)}\n`)
  }
  if (errors > 0)
    throw new CommandError(
      `The cloud-config of this image has ${errors === 1 ? 'an error' : `${errors} errors`}: correct it; "skerry config check" shows what a machine would do with it.`,
      exitCodes.failed,
    )
}

async function configsOf({ files }: ResolvedSchematic) {
  const configs = files.filter(({ path }) => `/${path}`.startsWith(`${nodePaths.imageConfig}/`))
  return Promise.all(
    configs.map(async ({ path, data }) => ({
      name: `/${path}`,
      bytes: 'bytes' in data ? data.bytes : await readFile(data.file),
    })),
  )
}
