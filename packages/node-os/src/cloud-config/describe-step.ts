import type { Step } from './step-keys.ts'

/** What a step will do, one line an act, in the order in which it is done. Secrets are not in it. */
export function describeStep(step: Step): string[] {
  const many = <T>(items: Iterable<T> | undefined, line: (item: T) => string): string[] =>
    items === undefined ? [] : [...items].map(line)
  return [
    ...conditions(step),
    ...(step.dns === undefined ? [] : [`write ${step.dns.path ?? '/etc/resolv.conf'}`]),
    ...many(step.ensure_entities, ({ value }) => `ensure an entry in ${value.path ?? 'its file'}`),
    ...many(
      step.directories,
      ({ value }) => `make ${value.path} (${octal(value.permissions, 0o755)})`,
    ),
    ...many(step.files, ({ value }) => {
      const owner = value.owner_string ?? `${value.owner ?? 0}:${value.group ?? 0}`
      return `write ${value.path} (${octal(value.permissions, 0o644)}, ${owner}, ${Buffer.byteLength(value.content ?? '')} bytes${value.encoding === undefined || value.encoding === '' ? '' : ` as ${value.encoding}`})`
    }),
    ...many(step.commands, ({ at, value }) => `run line ${at.line}: ${firstLine(value)}`),
    ...many(step.delete_entities, ({ value }) => `delete an entry of ${value.path ?? 'its file'}`),
    ...(step.hostname === undefined ? [] : [`set the host name to ${step.hostname}`]),
    ...many(step.sysctl, ([key, value]) => `set ${key} to ${value}`),
    ...many(step.users, ([name, { value }]) => describeUser(name, value)),
    ...many(
      step.authorized_keys,
      ([name, keys]) => `let ${keys.length} ${plural(keys.length, 'key')} log in as ${name}`,
    ),
    ...many(step.modules, ({ value }) => `load module ${value}`),
    ...(step.timesyncd === undefined ? [] : ['write /etc/systemd/timesyncd.conf.d/10-yip.conf']),
    ...(['enable', 'disable', 'mask', 'start'] as const).flatMap((verb) =>
      many(step.systemctl?.[verb], (unit) => `systemctl ${verb} ${unit}`),
    ),
    ...many(step.systemctl?.overrides, ({ service }) => `override parts of ${service}`),
    ...(step.environment === undefined
      ? []
      : [
          `put ${[...step.environment.keys()].join(', ')} into ${step.environment_file ?? '/etc/environment'}`,
        ]),
    ...many(
      Object.entries(step.systemd_firstboot ?? {}),
      ([name, value]) => `set ${name} to ${value}`,
    ),
    ...(step.timezone === undefined ? [] : [`set the time zone to ${step.timezone}`]),
  ]
}

function conditions(step: Step): string[] {
  const lines: string[] = []
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) lines.push(`only if ${name} ${value}`)
  }
  add('the host name matches', step.node)
  add('this succeeds:', step.if === undefined ? undefined : firstLine(step.if))
  add('the system matches', step.only_os)
  add('its version matches', step.only_os_version)
  add('the processor matches', step.only_arch)
  add('init is', step.only_service_manager)
  add('there is one of', step.if_files?.any?.join(', '))
  add('there are all of', step.if_files?.all?.join(', '))
  add('there are none of', step.if_files?.none?.join(', '))
  return lines
}

type User = NonNullable<Step['users']> extends ReadonlyMap<string, infer U> ? U : never

function describeUser(name: string, user: User['value']): string {
  const keys = user.ssh_authorized_keys?.length ?? 0
  const parts = [
    user.uid === undefined ? undefined : `number ${user.uid}`,
    user.lock_passwd === true ? 'password locked' : user.passwd && 'password set',
    user.groups === undefined ? undefined : `in ${user.groups.join(', ')}`,
    keys === 0 ? undefined : `${keys} ${plural(keys, 'key')}`,
  ].filter((part) => part !== undefined && part !== '')
  return `user ${name}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}

const octal = (mode: number | undefined, other: number) =>
  `0${(mode ?? other).toString(8).padStart(3, '0')}`
const plural = (count: number, word: string) => (count === 1 ? word : `${word}s`)

function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? ''
  return line.length > 70
    ? `${line.slice(0, 69)}…`
    : line + (text.trim().includes('\n') ? ' …' : '')
}
