import type { Position } from '../cloud-config/finding.ts'
import { lastLine, setHostname } from './apply-system.ts'
import { lateCommandMs, toolMs } from './limits.ts'
import { type StageHost, readText, rootOwned } from './stage-host.ts'
import { type StepRun, attempt } from './step-run.ts'

const programs = ['/usr/bin/systemctl', '/bin/systemctl']
const unitFolders = [
  '/etc/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

export function systemctlOf(host: StageHost): string | undefined {
  return programs.find((path) => host.look(path)?.kind === 'file')
}

export async function applySystemctl(run: StepRun): Promise<void> {
  const { systemctl, at } = run.step
  if (systemctl === undefined) return
  const program = systemctlOf(run.host)
  if (program === undefined)
    return run.problem(
      at,
      'systemctl: this root has no systemd. Use commands, and only_service_manager: systemd for this step',
    )
  for (const { service, name, content } of systemctl.overrides ?? [])
    override(run, { service, name: name ?? 'override-yip.conf', content })
  for (const verb of ['enable', 'disable', 'mask'] as const)
    for (const unit of systemctl[verb] ?? []) await ask(run, [program, verb, unit], toolMs)
  const hasChanged = (systemctl.overrides ?? []).length > 0
  if (run.host.phase === 'late' && hasChanged) await ask(run, [program, 'daemon-reload'], toolMs)
  for (const unit of systemctl.start ?? [])
    if (run.host.phase === 'early') startLater(run, unit)
    else await ask(run, [program, 'start', unit], Math.min(lateCommandMs, run.commandMs()))
}

async function ask(run: StepRun, [program, ...words]: [string, ...string[]], deadlineMs: number) {
  const unit = words.at(-1) ?? ''
  if (!isUnitName(unit))
    return run.problem(run.step.at, `${JSON.stringify(unit.slice(0, 80))} is no name of a unit`)
  const result = await run.host.run({ command: [program, ...words], deadlineMs })
  if (!result.ok)
    run.problem(
      run.step.at,
      `systemctl ${words.join(' ')} ${result.message}: ${lastLine(result.output)}`,
    )
}

const isUnitName = (name: string) => /^[\w@.:\\][\w@.:\\-]{0,250}$/.test(name)
const withSuffix = (name: string) => (/\.[a-z]+$/.test(name) ? name : `${name}.service`)

/** There is no init yet that could start it: in this boot it belongs to what init starts. */
function startLater(run: StepRun, unit: string): void {
  const name = withSuffix(unit)
  const place = unitFolders
    .map((folder) => `${folder}/${name.replace(/@[^.]*\./, '@.')}`)
    .find((path) => run.host.look(path) !== undefined)
  if (!isUnitName(unit) || place === undefined)
    return run.problem(run.step.at, `systemctl start ${unit}: there is no such unit in this root`)
  attempt(run, run.step.at, `systemctl start ${unit}`, () =>
    run.host.link(place, `/etc/systemd/system/multi-user.target.wants/${name}`),
  )
}

type Override = { readonly service: string; readonly name: string; readonly content: string }

function override(run: StepRun, { service, name, content }: Override): void {
  const file = name.endsWith('.conf') ? name : `${name}.conf`
  const { at } = run.step
  if (!isUnitName(service) || file.includes('/'))
    return run.problem(at, `override of ${JSON.stringify(service)}: no name of a unit or file`)
  const path = `/etc/systemd/system/${withSuffix(service)}.d/${file}`
  attempt(run, at, path, () => run.host.write(path, content, rootOwned(0o644)))
}

export const timesyncdFile = '/etc/systemd/timesyncd.conf.d/10-yip.conf'

export function applyTimesyncd(run: StepRun): void {
  const { timesyncd, at } = run.step
  if (timesyncd === undefined || timesyncd.size === 0) return
  attempt(run, at, timesyncdFile, () => {
    const values = new Map<string, string>()
    for (const line of (readText(run.host, timesyncdFile) ?? '').split('\n')) {
      const found = /^(\w+)=(.*)$/.exec(line)
      if (found !== null) values.set(found[1]!, found[2]!)
    }
    for (const [name, value] of timesyncd)
      if (/^\w+$/.test(name) && !value.includes('\n')) values.set(name, value)
      else
        run.problem(at, `timesyncd: ${JSON.stringify(name.slice(0, 40))} is no setting of one line`)
    const text = [...values].map(([name, value]) => `${name}=${value}\n`).join('')
    run.host.write(timesyncdFile, `[Time]\n${text}`, rootOwned(0o644))
  })
}

/** What systemd-firstboot writes, written by ourselves: it works on any root and needs no program. */
export function applyFirstBoot(run: StepRun): void {
  const { systemd_firstboot: wanted, at } = run.step
  if (wanted === undefined) return
  if (wanted.hostname !== undefined) setHostname(run, at, wanted.hostname)
  if (wanted.timezone !== undefined) setTimezone(run, at, wanted.timezone)
  const locale = [
    ['LANG', wanted.locale],
    ['LC_MESSAGES', wanted['locale-messages']],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}\n`]))
  if (locale.length > 0)
    attempt(run, at, '/etc/locale.conf', () =>
      run.host.write('/etc/locale.conf', locale.join(''), rootOwned(0o644)),
    )
  if (wanted.keymap !== undefined)
    attempt(run, at, '/etc/vconsole.conf', () =>
      run.host.write('/etc/vconsole.conf', `KEYMAP=${wanted.keymap}\n`, rootOwned(0o644)),
    )
}

export function applyTimezone(run: StepRun): void {
  if (run.step.timezone !== undefined) setTimezone(run, run.step.at, run.step.timezone)
}

function setTimezone(run: StepRun, at: Position, zone: string): void {
  const place = `/usr/share/zoneinfo/${zone}`
  if (!/^[\w+-]+(\/[\w+-]+)*$/.test(zone) || run.host.look(place)?.kind !== 'file')
    return run.problem(
      at,
      `time zone ${JSON.stringify(zone)} is not in this root: install tzdata in image.yaml, or mend the name`,
    )
  attempt(run, at, '/etc/localtime', () => {
    run.host.link(`..${place}`, '/etc/localtime')
    if (run.host.look('/etc/timezone') !== undefined)
      run.host.write('/etc/timezone', `${zone}\n`, rootOwned(0o644))
  })
}
