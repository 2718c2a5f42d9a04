import type { Position } from '../cloud-config/finding.ts'
import { hostNameProblem } from '../cloud-config/host-name.ts'
import { renderTemplate } from '../cloud-config/template.ts'
import { toolMs } from './limits.ts'
import { busyboxPath, readText, rootOwned } from './stage-host.ts'
import { type StepRun, attempt, rendered } from './step-run.ts'

/** Name resolution, as documented: whatever link stands there gives way to the file. */
export function applyDns(run: StepRun): void {
  const { dns, at } = run.step
  if (dns?.nameservers === undefined || dns.nameservers.length === 0) return
  const path = dns.path ?? '/etc/resolv.conf'
  const line = (name: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? '' : `${name} ${values.join(' ')}\n`
  const text =
    line('search', dns.search) +
    dns.nameservers.map((server) => `nameserver ${server}\n`).join('') +
    line('options', dns.options)
  attempt(run, at, path, () => {
    if (run.host.look(path)?.linkTo !== undefined) run.host.remove(path)
    run.host.write(path, text, rootOwned(0o644))
  })
}

export function applyHostname(run: StepRun): void {
  const { hostname, at } = run.step
  if (hostname === undefined) return
  setHostname(run, at, hostname)
}

export function setHostname(run: StepRun, at: Position, template: string): void {
  const result = renderTemplate(template, run.values)
  if (!result.ok)
    return run.problem(
      at,
      `the host name is not set: the template ${result.expression} is not known`,
    )
  const name = result.text
  const problem = hostNameProblem(name)
  if (problem !== undefined) return run.problem(at, `the host name is not set: ${problem}`)
  attempt(run, at, 'host name', () => {
    run.host.write('/etc/hostname', `${name}\n`, rootOwned(0o644))
    run.host.write(
      '/etc/hosts',
      hostsWith(readText(run.host, '/etc/hosts'), name),
      rootOwned(0o644),
    )
    run.host.tell('/proc/sys/kernel/hostname', name)
  })
}

/** The name stands beside localhost, as Kairos writes it. */
function hostsWith(text: string | undefined, name: string): string {
  const local = `127.0.0.1 localhost ${name}`
  const lines = (text ?? '')
    .split('\n')
    .filter((line, index, all) => line !== '' || index < all.length - 1)
  const isLocal = (line: string) => /^\s*127\.0\.0\.1\s/.test(line)
  const changed = lines.some(isLocal)
    ? lines.map((line) => (isLocal(line) ? local : line))
    : [local, ...lines]
  return changed.map((line) => `${line}\n`).join('')
}

const keptSysctl = '/etc/sysctl.d/99-skerry-config.conf'

export function applySysctl(run: StepRun): void {
  const { host, step } = run
  for (const [key, value] of step.sysctl ?? [])
    attempt(run, step.at, `sysctl ${key}`, () => {
      const path = sysctlPath(key)
      if (path === undefined || value.includes('\n'))
        return run.problem(
          step.at,
          `sysctl ${JSON.stringify(key.slice(0, 80))} is no name of a setting`,
        )
      if (host.phase === 'early') keepSysctl(run, key, value)
      if (host.look(path) === undefined)
        return run.problem(
          step.at,
          `sysctl ${key}: this kernel has no such setting now; if a module brings it, name the module under modules`,
        )
      host.tell(path, value)
    })
}

/** Init sets what the distribution wants afterwards: our wish is the last one that it reads. */
function keepSysctl({ host }: StepRun, key: string, value: string): void {
  const lines = (readText(host, keptSysctl) ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(`${key} =`))
  host.write(
    keptSysctl,
    [...lines, `${key} = ${value}`].map((line) => `${line}\n`).join(''),
    rootOwned(0o644),
  )
}

/** Whichever of dot and slash comes first divides; the other one is part of a name. */
export function sysctlPath(key: string): string | undefined {
  const isDotted =
    key.indexOf('/') === -1 || (key.includes('.') && key.indexOf('.') < key.indexOf('/'))
  const names = isDotted ? key.split('.').map((name) => name.replaceAll('/', '.')) : key.split('/')
  return names.every((name) => /^[\w@.:-]+$/.test(name) && name !== '..' && name !== '.')
    ? `/proc/sys/${names.join('/')}`
    : undefined
}

export async function applyModules(run: StepRun): Promise<void> {
  for (const { at, value } of run.step.modules ?? []) {
    const result = await run.host.run({
      command: [busyboxPath, 'modprobe', value],
      deadlineMs: toolMs,
    })
    if (!result.ok)
      run.problem(at, `module ${value} is not loaded: ${lastLine(result.output) || result.message}`)
  }
}

export const lastLine = (text: string) => text.trim().split('\n').at(-1)?.trim() ?? ''

export function applyEnvironment(run: StepRun): void {
  const { environment, environment_file: path = '/etc/environment', at } = run.step
  if (environment === undefined || environment.size === 0) return
  attempt(run, at, path, () => {
    const values = new Map<string, string>()
    for (const line of (readText(run.host, path) ?? '').split('\n')) {
      const found = /^(?:export )?([A-Za-z_]\w*)=(.*)$/.exec(line)
      if (found !== null) values.set(found[1]!, found[2]!)
    }
    for (const [name, value] of environment) {
      if (!/^[A-Za-z_]\w*$/.test(name))
        run.problem(at, `${JSON.stringify(name.slice(0, 60))} is no name of a variable`)
      else values.set(name, quoted(rendered(run, at, value)))
    }
    const lines = [...values].toSorted(([left], [right]) => (left < right ? -1 : 1))
    run.host.write(
      path,
      lines.map(([name, value]) => `${name}=${value}\n`).join(''),
      rootOwned(0o644),
    )
  })
}

/** As Kairos writes them: numbers plain, all else in double quotes. */
function quoted(value: string): string {
  if (/^-?\d{1,18}$/.test(value)) return value
  return `"${value
    .replace(/[\\"$`!]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')}"`
}
