import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { nodePaths } from '@skerry/api/os/os-layout'
import type { Log } from '@skerry/base/log'
import { toolTimeoutMs } from './limits.ts'
import { type OsFiles, OsDiskError } from './os-host.ts'
import { createRealFiles, onDisk } from './real-files.ts'

/** Runs a program of ours; the root's own may not be there. */
export type RunTool = (
  program: string,
  words: readonly string[],
) => Promise<{ readonly code: number; readonly output: string }>

export type RealEspOptions = {
  /** /dev/vda1. */
  readonly device: string
  readonly run: RunTool
  readonly log: Log
  readonly directory?: string | undefined
  readonly mounts?: string | undefined
}

const fsck = `${nodePaths.program}/bin/fsck.fat`
const busybox = `${nodePaths.program}/bin/busybox`
/** Not /efi: systemd may keep an automount there, which mounts the ESP for whoever comes by. */
const espDirectory = `${nodePaths.run}/esp`
/** What the check of a FAT makes of clusters that belong to nobody. */
const salvaged = /^fsck[0-9]{4}\.rec$/i

/**
 * Mounts the ESP for one act. Before that it is checked: a deletion that a power cut tore leaks a whole
 * kernel, and a few of them fill it.
 */
export async function withRealEsp<T>(
  options: RealEspOptions,
  act: (files: OsFiles) => Promise<T>,
): Promise<T> {
  const { device, run, log, directory = espDirectory } = options
  await unmountAll(options)
  await onDisk(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }))
  const check = await run(fsck, ['-a', device])
  // 1: there was something, and it was mended.
  if (check.code === 1) log.info('The ESP was checked and mended', { output: check.output })
  if (check.code > 1 || check.code < 0)
    log.warn('The ESP could not be checked', { code: check.code, output: check.output })
  const mounted = await run(busybox, mountWords(device, directory))
  if (mounted.code !== 0)
    throw new OsDiskError(
      `The ESP (${device}) cannot be mounted on ${directory}: ${mounted.output.trim()}`,
    )
  try {
    const files = createRealFiles(directory)
    for (const { name } of await files.list('/'))
      if (salvaged.test(name)) await files.remove(`/${name}`)
    return await act(files)
  } finally {
    await unmountAll(options)
  }
}

const mountWords = (device: string, directory: string): string[] => [
  'mount',
  '-t',
  'vfat',
  '-o',
  'rw,nosuid,nodev,noexec,noatime,umask=0077,errors=remount-ro',
  device,
  directory,
]

/** Wherever an init or an agent that was killed has left it mounted: it is checked unmounted only. */
async function unmountAll({ device, run, log, mounts = '/proc/mounts' }: RealEspOptions) {
  const lines = (await readFile(mounts, 'utf8').catch(() => '')).split('\n')
  const places = lines
    .map((line) => line.split(' '))
    .filter(([source]) => source === device)
    .map(([, place = '']) => place)
  for (const place of places.toReversed()) {
    const ended = await run(busybox, ['umount', place])
    if (ended.code === 0) continue
    log.warn('The ESP could not be unmounted at once', { place, output: ended.output })
    await run(busybox, ['umount', '-l', place])
  }
}

const outputBytesMax = 16 * 1024

/** A program that does not end is ended; one that cannot start has the code -1. */
export const runTool: RunTool = (program, words) =>
  new Promise((resolve) => {
    execFile(
      program,
      words,
      {
        timeout: toolTimeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: outputBytesMax,
        env: { PATH: '/usr/bin:/bin', LANG: 'C' },
      },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.slice(0, outputBytesMax)
        if (error === null) resolve({ code: 0, output })
        else
          resolve({
            code: typeof error.code === 'number' ? error.code : -1,
            output: output || error.message,
          })
      },
    )
  })
