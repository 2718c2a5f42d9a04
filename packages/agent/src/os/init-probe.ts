import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { initAnswerMs } from './limits.ts'

export type InitPlaces = {
  /** There only while systemd is PID 1. */
  readonly systemd: string
  readonly systemdSocket: string
  readonly stat: string
}

export const initPlaces: InitPlaces = {
  systemd: '/run/systemd/system',
  systemdSocket: '/run/systemd/private',
  stat: '/proc/1/stat',
}

/**
 * Whether PID 1 is alive. systemd that crashed stays as a process that does nothing ("freezes"), so it has
 * to say something: the first line of D-Bus authentication, which its main loop answers. Of other inits
 * nothing can be asked: their process must not be dead or stopped.
 */
export async function probeInit(places: InitPlaces = initPlaces): Promise<string | undefined> {
  if (existsSync(places.systemd) && existsSync(places.systemdSocket))
    return askSystemd(places.systemdSocket)
  const state = stateOf(await readFile(places.stat, 'utf8'))
  return state === undefined || 'ZXxTt'.includes(state)
    ? `PID 1 is in state ${state ?? 'unknown'}: it runs no more`
    : undefined
}

/** The letter after the name, which may itself hold anything. */
function stateOf(stat: string): string | undefined {
  return /^\d+ \(.*\) (\S)/s.exec(stat)?.[1]
}

function askSystemd(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ path })
    const end = (problem: string | undefined): void => {
      socket.destroy()
      resolve(problem)
    }
    socket.setTimeout(initAnswerMs, () =>
      end(`systemd said nothing within ${initAnswerMs / 1000} s: it is frozen`),
    )
    socket.once('connect', () => socket.write('\0AUTH EXTERNAL 30\r\n'))
    // Whatever it says, it lives.
    socket.once('data', () => end(undefined))
    socket.once('end', () => end(undefined))
    socket.once('error', (error) => end(`systemd cannot be asked: ${error.message}`))
  })
}
