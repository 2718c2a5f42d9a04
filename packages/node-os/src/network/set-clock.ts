import { createSocket } from 'node:dgram'
import { type StageHost, busyboxPath, type Tell } from '../stages/stage-host.ts'
import { clockOffMs, ntpAnswerMs, ntpServersMax } from './limits.ts'
import { ntpRequest, readNtpAnswer } from './ntp-message.ts'
import { hasTimesyncd } from './write-network-files.ts'

/** Asks a server for its time; undefined if it does not answer. */
export type AskTime = (server: string) => Promise<number | undefined>

/** On roots without timesyncd: a clock of 1970 believes no certificate, so it is set once the network is there. */
export async function setClock(
  host: StageHost,
  servers: readonly string[],
  tell: Tell,
  ask: AskTime = (server) => askTime(host, server),
): Promise<void> {
  if (servers.length === 0 || hasTimesyncd(host)) return
  for (const server of servers.slice(0, ntpServersMax)) {
    const timeMs = await ask(server)
    if (timeMs === undefined) continue
    if (Math.abs(timeMs - host.clock.now()) < clockOffMs) return
    const result = await host.run({
      command: [busyboxPath, 'date', '-u', '-s', `@${Math.round(timeMs / 1000)}`],
      deadlineMs: ntpAnswerMs,
    })
    if (!result.ok) tell(`ntp: the clock cannot be set: ${result.output.trim() || result.message}`)
    return
  }
  tell(`ntp: none of ${servers.join(', ')} answers: the clock stays as it is`)
}

async function askTime(host: StageHost, server: string): Promise<number | undefined> {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4')
  const done = new AbortController()
  try {
    const answer = new Promise<number | undefined>((resolve) => {
      socket.once('message', (message) => resolve(readNtpAnswer(message)))
      socket.once('error', () => resolve(undefined))
    })
    socket.send(ntpRequest(), 123, server, (error) => {
      if (error !== null) done.abort()
    })
    const late = host.clock.sleep(ntpAnswerMs, done.signal).then(
      () => undefined,
      () => undefined,
    )
    return await Promise.race([answer, late])
  } finally {
    done.abort()
    socket.close()
  }
}
