import { readFile, readlink, writeFile } from 'node:fs/promises'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { restartGraceMs } from './limits.ts'

export type RestartOptions = {
  readonly clock: Clock
  readonly log: Log
  /** Sends a signal to PID 1. */
  readonly signalInit: (signal: number) => void
  readonly proc?: string | undefined
}

/** How each init is told to restart the machine. */
const signals = { systemd: 39, busybox: 15, other: 2 } as const

/**
 * First the init's own way, so that services end well and file systems are unmounted. One that does not come
 * to its end is passed over: what we wrote is synced already; the rest is synced and made read-only by the
 * kernel, and then it restarts. That cannot be blocked by a service that hangs.
 */
export async function restartMachine(options: RestartOptions): Promise<void> {
  const { clock, log, signalInit, proc = '/proc' } = options
  const init = await initOf(proc)
  log.info('The machine restarts', { init })
  try {
    signalInit(signals[init])
    await clock.sleep(restartGraceMs)
    log.warn('The init did not restart the machine in time: the kernel does', { restartGraceMs })
  } catch (error) {
    log.warn('The init cannot be told to restart the machine: the kernel does', {
      error: String(error),
    })
  }
  for (const key of ['s', 'u', 's', 'b']) {
    await writeFile(`${proc}/sysrq-trigger`, key)
    // Sync and remount are begun by the trigger and end later.
    if (key !== 'b') await clock.sleep(2000)
  }
}

/** systemd restarts on SIGRTMIN+5, busybox on SIGTERM, and sysvinit and OpenRC on what ctrl-alt-del sends. */
async function initOf(proc: string): Promise<keyof typeof signals> {
  const name = (await readFile(`${proc}/1/comm`, 'utf8').catch(() => '')).trim()
  if (name === 'systemd') return 'systemd'
  const program = await readlink(`${proc}/1/exe`).catch(() => '')
  return program.includes('busybox') ? 'busybox' : 'other'
}
