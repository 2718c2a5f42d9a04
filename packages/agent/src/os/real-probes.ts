import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { get } from 'node:http'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { basename } from 'node:path'
import type { Processes } from '../host.ts'
import { describeExit } from '../host.ts'
import type { HealthProbes } from './image-machine.ts'
import { probeMs } from './limits.ts'

export type ProbePlaces = { readonly proc: string; readonly run: string }
const places: ProbePlaces = { proc: '/proc', run: '/run' }

/** Asks this machine. */
export function createRealProbes(processes: Processes, at: ProbePlaces = places): HealthProbes {
  return {
    network: async () => networkProblem(networkInterfaces(), await routesOf(at)),
    service: (name) =>
      existsSync(`${at.run}/systemd/system`) ? askSystemd(processes, name) : findProcess(name, at),
    model: askModel,
  }
}

/** An address that others can reach, and a way out. */
export function networkProblem(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
  routes: string,
): string | undefined {
  const addresses = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .filter(({ internal, address }) => !internal && !/^(169\.254\.|fe80:)/i.test(address))
  if (addresses.length === 0)
    return 'there is no network: no interface has an address, so look at cable and configuration'
  // The first column of a table of the kernel is the interface, or the last (IPv6).
  const hasRoute = routes
    .split('\n')
    .some((line) => /^\S+\s+[0-9A-F]{8}\s/.test(line) || /^[0-9a-f]{32} .*\s(?!lo$)\S+$/.test(line))
  return hasRoute ? undefined : 'there is no network: no interface has a route'
}

async function routesOf({ proc }: ProbePlaces): Promise<string> {
  const tables = ['route', 'ipv6_route'].map((name) =>
    readFile(`${proc}/net/${name}`, 'utf8').catch(() => ''),
  )
  return (await Promise.all(tables)).join('\n')
}

async function askSystemd(processes: Processes, name: string): Promise<string | undefined> {
  let said = ''
  const command = ['systemctl', 'is-active', '--', name]
  const onLine = (line: string) => void (said ||= line.trim())
  const child = processes.spawn({ command, environment: {}, directory: '/', onLine })
  const exit = await child.exited
  if (exit.code === 0) return undefined
  return `service ${name} is ${said === '' ? `unknown: ${describeExit(exit)}` : said}`
}

/**
 * Without systemd there is no one place that knows: a service runs if the process of its file NAME.pid
 * does, or else if some process has its name.
 */
async function findProcess(name: string, { proc, run }: ProbePlaces): Promise<string | undefined> {
  for (const path of [`${run}/${name}.pid`, `${run}/${name}/${name}.pid`]) {
    const pid = (await readFile(path, 'utf8').catch(() => '')).trim()
    if (!/^\d+$/.test(pid)) continue
    if (existsSync(`${proc}/${pid}`)) return undefined
    return `service ${name} is dead: process ${pid} of ${path} is gone`
  }
  const pids = (await readdir(proc)).filter((entry) => /^\d+$/.test(entry))
  for (const pid of pids) {
    const words = await readFile(`${proc}/${pid}/cmdline`, 'utf8').catch(() => '')
    if (basename(words.split('\0')[0] ?? '') === name) return undefined
  }
  return `service ${name} does not run: there is no ${name}.pid and no process of that name`
}

function askModel(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(
      { host: '127.0.0.1', port, path: '/v2/health/ready', timeout: probeMs, agent: false },
      (response) => {
        response.resume()
        resolve(response.statusCode === 200 ? undefined : `it says ${response.statusCode}`)
      },
    )
    asked.once('timeout', () => asked.destroy(new Error('it said nothing in time')))
    asked.once('error', (error) => resolve(error.message))
  })
}
