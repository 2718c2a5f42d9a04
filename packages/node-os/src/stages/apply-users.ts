import type { Position } from '../cloud-config/finding.ts'
import { remoteKey } from '../cloud-config/remote-keys.ts'
import type { UserEntry } from '../cloud-config/step-keys.ts'
import {
  type AccountFiles,
  type Lines,
  accountOf,
  formatLines,
  parseLines,
  withUser,
} from './account-files.ts'
import { firstBelievedDay, passwordBytesMax } from './limits.ts'
import { sha512Crypt } from './sha512-crypt.ts'
import { type StageHost, readText, rootOwned } from './stage-host.ts'
import { type StepRun, attempt } from './step-run.ts'

/** Users are written into the files of accounts, by name, so that the same file gives the same numbers. */
export function applyUsers(run: StepRun): void {
  const users = [...(run.step.users ?? [])].toSorted(([left], [right]) => (left < right ? -1 : 1))
  for (const [name, { at, value }] of users)
    attempt(run, at, `user ${name}`, () => applyUser(run, at, name, value))
}

export function applyAuthorizedKeys(run: StepRun): void {
  for (const [name, keys] of run.step.authorized_keys ?? [])
    attempt(run, run.step.at, `keys of ${name}`, () => addKeys(run, run.step.at, name, keys))
}

function applyUser(run: StepRun, at: Position, name: string, user: UserEntry): void {
  if (!/^[a-z_][a-z0-9_.-]{0,30}\$?$/.test(name))
    return run.problem(at, `${JSON.stringify(name.slice(0, 40))} is no name of a user`)
  const { host } = run
  const password = passwordOf(run, at, name, user)
  if (password === false) return
  const files = readAccounts(host)
  const defaults = userDefaults(host)
  const home = user.homedir ?? `${defaults.home}/${name}`
  const homeOwner = host.look(home)
  const changed = withUser(files, name, user, {
    password,
    today: dayOf(host),
    otherOwners: otherHomes(host, defaults.home, home),
    homeOwner: homeOwner?.kind === 'directory' ? homeOwner : undefined,
    defaultHome: defaults.home,
    defaultShell: defaults.shell,
  })
  if (!changed.ok) return run.problem(at, `user ${name} is not made: ${changed.message}`)
  writeAccounts(host, files, changed.files)
  const { isNew, uid, gid } = changed.account
  if (isNew && user.no_create_home !== true && user.system !== true)
    host.makeDirectory(changed.account.home, { mode: 0o755, uid, gid })
  if (user.ssh_authorized_keys !== undefined) addKeys(run, at, name, user.ssh_authorized_keys)
}

/** Homes outlive a reboot and /etc/passwd does not: whose they are must not change with who else is new. */
function otherHomes(host: StageHost, folder: string, own: string) {
  return host
    .list(folder)
    .map((name) => `${folder}/${name}`)
    .flatMap((path) => (path === own ? [] : (host.look(path) ?? [])))
}

/** crypt(3)'s forms, and the words for "none". */
const crypted = /^(\$[0-9a-z]{1,5}\$[./0-9A-Za-z$=,+-]+|[!*]{1,2})$/

/** As it goes into shadow; false if it cannot be used. */
function passwordOf(
  run: StepRun,
  at: Position,
  name: string,
  user: UserEntry,
): string | undefined | false {
  if (user.lock_passwd === true) return '!'
  const { passwd } = user
  if (passwd === undefined || passwd === '') return undefined
  if (crypted.test(passwd)) return passwd
  if (Buffer.byteLength(passwd) > passwordBytesMax) {
    run.problem(
      at,
      `user ${name} is not made: its password has more than ${passwordBytesMax} bytes`,
    )
    return false
  }
  const [, , salt, before] = shadowOf(run.host, name)?.split('$') ?? []
  // The same password keeps its line, so that the file does not change by itself.
  if (salt !== undefined && before !== undefined) {
    const same = sha512Crypt(passwd, salt)
    if (same === `$6$${salt}$${before}`) return same
  }
  return sha512Crypt(passwd, run.host.random.uuid().replaceAll('-', '').slice(0, 16))
}

function shadowOf(host: StageHost, name: string): string | undefined {
  return parseLines(readText(host, '/etc/shadow') ?? '').find(([each]) => each === name)?.[1]
}

function dayOf(host: StageHost): string {
  const day = Math.floor(host.clock.now() / 86_400_000)
  return day < firstBelievedDay ? '' : String(day)
}

/** `HOME` and `SHELL` of /etc/default/useradd, where there is one. */
function userDefaults(host: StageHost): { readonly home: string; readonly shell: string } {
  const text = readText(host, '/etc/default/useradd') ?? ''
  const value = (name: string) => new RegExp(`^${name}="?(/[^"\\n:]*)"?$`, 'm').exec(text)?.[1]
  return { home: value('HOME') ?? '/home', shell: value('SHELL') ?? '/bin/sh' }
}

export function readAccounts(host: StageHost): AccountFiles {
  const lines = (name: string) => parseLines(readText(host, `/etc/${name}`) ?? '')
  const hasGshadow = host.look('/etc/gshadow') !== undefined
  return {
    passwd: lines('passwd'),
    shadow: lines('shadow'),
    group: lines('group'),
    gshadow: hasGshadow ? lines('gshadow') : undefined,
  }
}

function writeAccounts(host: StageHost, before: AccountFiles, after: AccountFiles): void {
  // Groups first: a user whose group is not there yet is worse than a group without its user.
  for (const name of ['group', 'gshadow', 'shadow', 'passwd'] as const)
    if (after[name] !== undefined && after[name] !== before[name])
      writeAccountLines(host, `/etc/${name}`, after[name])
}

export function writeAccountLines(host: StageHost, path: string, lines: Lines): void {
  const isSecret = /shadow/.test(path)
  host.write(path, formatLines(lines), host.look(path) ?? rootOwned(isSecret ? 0o600 : 0o644))
}

function addKeys(run: StepRun, at: Position, name: string, keys: readonly string[]): void {
  const { host } = run
  const account = accountOf(parseLines(readText(host, '/etc/passwd') ?? ''), name)
  if (account === undefined) return run.problem(at, `keys of ${name}: there is no such user`)
  const { uid, gid, home } = account
  const usable = keys.map((key) => key.trim()).filter((key) => isUsableKey(run, at, name, key))
  if (usable.length === 0) return
  const folder = `${home}/.ssh`
  host.makeDirectory(home, { mode: 0o755, uid, gid })
  host.makeDirectory(folder, { mode: 0o700, uid, gid })
  const path = `${folder}/authorized_keys`
  const there = readText(host, path) ?? ''
  const lines = there.split('\n').filter((line) => line !== '')
  const added = usable.filter((key, index) => !lines.includes(key) && usable.indexOf(key) === index)
  host.write(path, [...lines, ...added].map((line) => `${line}\n`).join(''), {
    mode: 0o600,
    uid,
    gid,
  })
}

function isUsableKey(run: StepRun, at: Position, name: string, key: string): boolean {
  if (remoteKey.test(key)) {
    run.problem(at, `keys of ${name}: ${key} is known and not built yet: write the key itself`)
    return false
  }
  if (key === '' || /[\n\r\0]/.test(key)) {
    run.problem(at, `keys of ${name}: a key is one line`)
    return false
  }
  return true
}
