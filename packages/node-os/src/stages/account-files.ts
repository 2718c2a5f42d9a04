import type { UserEntry } from '../cloud-config/step-keys.ts'
import { personIdMax, personIdMin, systemIdMax, systemIdMin } from './limits.ts'

/** Lines of /etc/passwd and its kin, each split at its colons; what is malformed stays as it is. */
export type Lines = readonly (readonly string[])[]
export type AccountFiles = {
  readonly passwd: Lines
  readonly shadow: Lines
  readonly group: Lines
  /** Undefined on roots that have none. */
  readonly gshadow: Lines | undefined
}

export function parseLines(text: string): Lines {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))
}

export function formatLines(lines: Lines): string {
  return lines.map((line) => `${line.join(':')}\n`).join('')
}

export type AccountFacts = {
  /** As it goes into shadow; undefined if none is given. */
  readonly password: string | undefined
  /** Days since 1970, or empty if the clock cannot be believed: day 0 would ask for a new password. */
  readonly today: string
  /** Whose the home is that is already there, from the data partition. */
  readonly homeOwner: { readonly uid: number; readonly gid: number } | undefined
  /** Owners of the other homes that are there: their numbers are theirs. */
  readonly otherOwners: readonly { readonly uid: number; readonly gid: number }[]
  readonly defaultHome: string
  readonly defaultShell: string
}

export type AccountChange =
  | { readonly ok: true; readonly files: AccountFiles; readonly account: Account }
  | { readonly ok: false; readonly message: string }

export type Account = {
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly isNew: boolean
}

/** As Kairos does it: of a user that is there only the password changes (and its keys, elsewhere). */
export function withUser(
  files: AccountFiles,
  name: string,
  user: UserEntry,
  facts: AccountFacts,
): AccountChange {
  const known = accountOf(files.passwd, name)
  if (known !== undefined) {
    if (facts.password === undefined) return { ok: true, files, account: known }
    return {
      ok: true,
      files: { ...files, shadow: withPassword(files.shadow, name, facts) },
      account: known,
    }
  }
  const given = { gecos: user.gecos, homedir: user.homedir, shell: user.shell }
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && /[:\n]/.test(value))
      return { ok: false, message: `${key} may hold no colon and no new line` }
  return newUser(files, name, user, facts)
}

function newUser(
  files: AccountFiles,
  name: string,
  user: UserEntry,
  facts: AccountFacts,
): AccountChange {
  const uid = user.uid ?? freeUid(files, user, facts)
  if (uid === undefined) return { ok: false, message: 'there is no free number for a user' }
  const grouped = withPrimaryGroup(files, name, user, { uid, facts })
  if (!grouped.ok) return grouped
  const home = user.homedir ?? `${facts.defaultHome}/${name}`
  const passwd = [
    ...files.passwd,
    [
      name,
      'x',
      String(uid),
      String(grouped.gid),
      user.gecos ?? '',
      home,
      user.shell ?? facts.defaultShell,
    ],
  ]
  const shadow = withPassword(files.shadow, name, { ...facts, password: facts.password ?? '*' })
  let changed: AccountFiles = { ...grouped.files, passwd, shadow }
  for (const group of user.groups ?? []) {
    const member = withMember(changed, group, name)
    if (!member.ok) return member
    changed = member.files
  }
  return { ok: true, files: changed, account: { uid, gid: grouped.gid, home, isNew: true } }
}

export function accountOf(passwd: Lines, name: string): Account | undefined {
  const line = passwd.find(([each]) => each === name)
  if (line === undefined) return undefined
  return { uid: Number(line[2]), gid: Number(line[3]), home: line[5] ?? '/', isNew: false }
}

function withPassword(shadow: Lines, name: string, { password, today }: AccountFacts): Lines {
  const kept = shadow.find(([each]) => each === name)
  // Days between changes, as Debian has them.
  const rest = kept?.slice(3) ?? ['0', '99999', '7', '', '', '']
  const line = [name, password ?? '*', today, ...rest]
  return kept === undefined
    ? [...shadow, line]
    : shadow.map((each) => (each[0] === name ? line : each))
}

function freeUid(
  files: AccountFiles,
  user: UserEntry,
  { homeOwner, otherOwners }: AccountFacts,
): number | undefined {
  const taken = new Set(files.passwd.map((line) => Number(line[2])))
  const [min, max] = user.system === true ? [systemIdMin, systemIdMax] : [personIdMin, personIdMax]
  const homeUid = homeOwner?.uid
  for (const { uid } of otherOwners) if (uid !== homeUid) taken.add(uid)
  if (homeUid !== undefined && homeUid >= min && homeUid <= max && !taken.has(homeUid))
    return homeUid
  return firstFree(taken, min, max)
}

function firstFree(taken: ReadonlySet<number>, min: number, max: number): number | undefined {
  for (let id = min; id <= max; id++) if (!taken.has(id)) return id
  return undefined
}

type Grouped =
  | { readonly ok: true; readonly files: AccountFiles; readonly gid: number }
  | { readonly ok: false; readonly message: string }

function withPrimaryGroup(
  files: AccountFiles,
  name: string,
  user: UserEntry,
  { uid, facts }: { readonly uid: number; readonly facts: AccountFacts },
): Grouped {
  const wanted = user.primary_group ?? (user.no_user_group === true ? 'users' : undefined)
  const existing = files.group.find(([each]) => each === (wanted ?? name))
  if (existing !== undefined) return { ok: true, files, gid: Number(existing[2]) }
  if (wanted !== undefined)
    return { ok: false, message: `its primary group ${wanted} is not there` }
  const ofNumber = files.group.find(
    (line) => user.gid !== undefined && Number(line[2]) === user.gid,
  )
  if (ofNumber !== undefined) return { ok: true, files, gid: user.gid! }
  const taken = new Set(files.group.map((line) => Number(line[2])))
  const homeGid = facts.homeOwner?.gid
  for (const { gid } of facts.otherOwners) if (gid !== homeGid) taken.add(gid)
  const gid =
    user.gid ??
    [homeGid, uid].find((id) => id !== undefined && id >= systemIdMin && !taken.has(id)) ??
    firstFree(taken, personIdMin, personIdMax)
  if (gid === undefined) return { ok: false, message: 'there is no free number for a group' }
  return { ok: true, files: withGroup(files, name, gid, [name]), gid }
}

function withGroup(
  files: AccountFiles,
  name: string,
  gid: number,
  members: readonly string[],
): AccountFiles {
  return {
    ...files,
    group: [...files.group, [name, 'x', String(gid), members.join(',')]],
    gshadow: files.gshadow && [...files.gshadow, [name, '!', '', members.join(',')]],
  }
}

/** A group that is not there is made: whoever names it wants to be in it. */
function withMember(files: AccountFiles, group: string, name: string): Grouped {
  if (!/^[a-z_][a-z0-9_.-]{0,30}$/.test(group))
    return { ok: false, message: `${JSON.stringify(group.slice(0, 40))} is no name of a group` }
  const existing = files.group.find(([each]) => each === group)
  if (existing === undefined) {
    const taken = new Set(files.group.map((line) => Number(line[2])))
    const gid = firstFree(taken, personIdMin, personIdMax)
    if (gid === undefined) return { ok: false, message: 'there is no free number for a group' }
    return { ok: true, files: withGroup(files, group, gid, [name]), gid }
  }
  const join = (line: readonly string[]): readonly string[] => {
    const members = (line[3] ?? '').split(',').filter((member) => member !== '')
    return line[0] !== group || members.includes(name)
      ? line
      : [...line.slice(0, 3), [...members, name].join(',')]
  }
  return {
    ok: true,
    files: { ...files, group: files.group.map(join), gshadow: files.gshadow?.map(join) },
    gid: Number(existing[2]),
  }
}
