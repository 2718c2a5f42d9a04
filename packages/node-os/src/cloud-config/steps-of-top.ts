import type { Position } from './finding.ts'
import type { Infer, Placed } from './readers.ts'
import type { StagePart } from './stage-names.ts'
import type { FileEntry, Step, UserEntry } from './step-keys.ts'
import type { topReader } from './top-keys.ts'

export type TopBlock = Infer<typeof topReader>

/** What top-level keys ask for, as steps: cloud-init's words mean stages of Kairos. */
export function stepsOfTop(top: TopBlock, at: Position): [StagePart, Step][] {
  const early = {
    ...(top.hostname === undefined ? {} : { hostname: top.hostname }),
    ...(top.timezone === undefined ? {} : { timezone: top.timezone }),
    ...accounts(top),
    ...timesyncd(top),
  }
  const late = {
    ...(top.write_files === undefined ? {} : { files: top.write_files.map(fileOf) }),
    ...(top.runcmd === undefined ? {} : { commands: top.runcmd }),
  }
  const step = (fields: Partial<Step>): Step => ({
    ...fields,
    at,
    id: 'cloud-init',
    label: 'top-level keys',
  })
  return [
    ...(Object.keys(early).length === 0 ? [] : [['initramfs', step(early)] as [StagePart, Step]]),
    ...(Object.keys(late).length === 0 ? [] : [['boot', step(late)] as [StagePart, Step]]),
  ]
}

function accounts(top: TopBlock): Partial<Step> {
  const shared = top.ssh_authorized_keys ?? []
  const users = new Map<string, Placed<UserEntry>>()
  for (const { at, value } of top.users ?? []) {
    const keys = [...(value.ssh_authorized_keys ?? []), ...shared]
    users.set(value.name, {
      at,
      value: { ...value, ...(keys.length === 0 ? {} : { ssh_authorized_keys: keys }) },
    })
  }
  if (users.size > 0) return { users }
  return shared.length === 0 ? {} : { authorized_keys: new Map([['root', shared]]) }
}

function timesyncd({ ntp }: TopBlock): Partial<Step> {
  const servers = [...(ntp?.servers ?? []), ...(ntp?.pools ?? [])]
  if (servers.length === 0 || ntp?.enabled === false) return {}
  return { timesyncd: new Map([['NTP', servers.join(' ')]]) }
}

function fileOf({
  at,
  value,
}: Placed<Omit<FileEntry, 'owner'> & { readonly owner?: string }>): Placed<FileEntry> {
  const { owner, ...rest } = value
  return { at, value: { ...rest, ...(owner === undefined ? {} : { owner_string: owner }) } }
}
