import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { type BuildRecord, buildImage, planImage } from '@skerry/factory/build-image'
import type { BuildProgress } from '@skerry/factory/build/build-progress'
import { type DiskFormatName, diskFormats } from '@skerry/factory/build/disk-step'
import type { BuildPlan } from '@skerry/factory/build/plan-build'
import { findMirror } from '@skerry/factory/debian/find-mirror'
import { stringify } from 'yaml'
import { CommandError, exitCodes } from '../exit-code.ts'
import { type OutputFormat, paint } from '../output.ts'
import { formatBytes } from '../progress.ts'
import { showBuildProgress } from './image-progress.ts'
import { checkImageConfig } from './image-config.ts'
import { keysPassphrase } from './keys-files.ts'

export type ImageBuildOptions = {
  readonly file: string
  readonly out: string
  readonly disk: readonly string[]
  readonly keys?: string
  readonly passphraseFile?: string
  readonly cache?: string
  readonly mirror?: string
  readonly dryRun: boolean
}

/** `skerry image build -f image.yaml`: the plan alone, or all of it. */
export async function runImageBuild(
  options: ImageBuildOptions,
  format: OutputFormat,
  signal: AbortSignal,
): Promise<void> {
  await checkImageConfig(options.file)
  const screen = showBuildProgress(process.stderr)
  const request = {
    file: options.file,
    out: options.out,
    disks: options.disk.map(diskFormat),
    keys: options.keys,
    cacheDirectory: options.cache,
    mirror: options.mirror === undefined ? undefined : await findMirror({ mirror: options.mirror }),
    passphrase: () => keysPassphrase(options.passphraseFile),
    clock: systemClock,
    onProgress: (progress: BuildProgress) => screen.update(progress),
    signal,
  }
  if (options.dryRun) {
    process.stdout.write(renderPlan(await planImage(request), format))
    return
  }
  try {
    const record = await buildImage(request)
    screen.end()
    process.stdout.write(renderRecord(record, options.out, format))
  } catch (error) {
    screen.end()
    // A full disk has a sentence of its own; what else a program says goes through as it is.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOSPC') throw error
    throw new CommandError(
      `The disk is full (${toError(error).message}): make room and run the command again, it goes on where it was.`,
      exitCodes.failed,
    )
  }
}

function diskFormat(name: string): DiskFormatName {
  const found = diskFormats.find((format) => format === name)
  if (found !== undefined) return found
  throw new CommandError(
    `--disk ${name}: must be one of ${diskFormats.join(', ')}`,
    exitCodes.usage,
  )
}

export function renderPlan(plan: BuildPlan, format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(plan, undefined, 2)}\n`
  if (format === 'yaml') return stringify(plan)
  const { image, sets, disks, fetchBytes, cache, out } = plan
  const place = ({ directory, freeBytes, neededBytes }: BuildPlan['cache']) =>
    `${directory}: about ${formatBytes(neededBytes)} needed, ${formatBytes(freeBytes)} free` +
    (freeBytes < neededBytes ? paint.red(' (too little)') : '')
  return [
    paint.bold(`${image.name} ${image.version}`) + ` from ${image.base}`,
    ...sets.map(({ set, packages, missing, missingBytes, isUnpacked }) => {
      const state =
        missing === 0
          ? isUnpacked
            ? 'ready'
            : 'in the cache'
          : `${missing} to fetch, ${formatBytes(missingBytes)}`
      return `  packages ${set}: ${packages}, ${state}`
    }),
    `  disks: ${disks.length === 0 ? 'none asked for (--disk raw)' : disks.join(', ')}`,
    `to fetch: ${formatBytes(fetchBytes)}`,
    `cache ${place(cache)}`,
    `output ${place(out)}`,
    '',
  ].join('\n')
}

export function renderRecord(record: BuildRecord, out: string, format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(record, undefined, 2)}\n`
  if (format === 'yaml') return stringify(record)
  const { name, description, manifestDigest, init, packages, disks } = record
  return [
    `${paint.green('built')} ${name} ${description.version}, image ${description.imageId.slice(0, 12)}`,
    `  root     ${formatBytes(description.root.sizeBytes)}, ${description.distribution ?? 'unknown'}, ${init}, ${packages} packages`,
    `  kernel   ${formatBytes(description.kernel.sizeBytes)}, ${description.kernelVersion}`,
    `  artifact ${out} (${manifestDigest.slice(7, 19)})`,
    ...Object.values(disks).map((file) => `  disk     ${out}/${file}`),
    `push it with: skerry image push ${out}`,
    '',
  ].join('\n')
}
