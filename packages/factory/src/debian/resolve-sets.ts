import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Program, runProgram } from '../tools/run-program.ts'
import { ToolError } from '../tools/tool-error.ts'
import { tellAptFailure } from './apt-failure.ts'
import { archiveOf, pinChoices, readChoices, readStanzas } from './apt-output.ts'
import type { Mirror } from './apt-sources.ts'
import { DebianError } from './debian-error.ts'
import type { FactoryCache } from './factory-cache.ts'
import { aptOutputBytesMax } from './limits.ts'
import type { LockedSet } from './lock.ts'
import { type PackageSet, packageSetProblems } from './package-set.ts'
import type { OnProgress } from './progress.ts'

export type ResolveOptions = {
  readonly cache: FactoryCache
  readonly mirror: Mirror
  readonly architecture: string
  readonly onProgress?: OnProgress
}

/**
 * Asks this machine's apt what the sets come to today. It works in a directory of its own, beside
 * the machine's package lists, and trusts the archive keys that the machine has.
 */
export async function resolveSets(
  sets: readonly PackageSet[],
  options: ResolveOptions,
  signal?: AbortSignal,
): Promise<Record<string, LockedSet>> {
  const problems = sets.flatMap(packageSetProblems)
  if (problems.length > 0) throw new DebianError('Unresolvable', problems.join('\n'))
  const resolved: Record<string, LockedSet> = {}
  const bySuites = Object.values(Object.groupBy(sets, (set) => set.suites.join(' ')))
  let done = 0
  for (const group of bySuites) {
    const first = group?.[0]
    if (group === undefined || first === undefined) continue
    await using apt = await openApt(first.suites, options, signal)
    for (const set of group) {
      options.onProgress?.({
        step: 'resolve',
        what: set.name,
        done: (done += 1),
        total: sets.length,
        unit: 'packages',
      })
      resolved[set.name] = await resolveSet(set, options.mirror, apt)
    }
  }
  return resolved
}

async function resolveSet(set: PackageSet, mirror: Mirror, apt: Apt): Promise<LockedSet> {
  const printed = await apt.run('apt-get', [
    '--print-uris',
    '-qq',
    '-y',
    'install',
    ...set.packages,
  ])
  const choices = readChoices(printed)
  const named = choices.map(({ name, version }) => `${name}=${version}`)
  const stanzas = readStanzas(await apt.run('apt-cache', ['show', ...named]))
  const { packages, missing } = pinChoices(set, mirror, choices, stanzas)
  if (missing.length > 0 || packages.length === 0)
    throw new DebianError(
      'Unresolvable',
      `Set ${set.name}: apt chose ${choices.length} packages, but its index describes no ` +
        `${missing.join(', ') || 'package that the set keeps'}: check the mirror ${mirror.main}.`,
    )
  return { suites: set.suites, asked: set.packages, packages }
}

type Apt = AsyncDisposable & {
  readonly run: (program: 'apt-get' | 'apt-cache', words: readonly string[]) => Promise<string>
}

async function openApt(
  suites: readonly string[],
  options: ResolveOptions,
  signal?: AbortSignal,
): Promise<Apt> {
  const directory = await mkdtemp(join(options.cache.incoming, 'apt-'))
  const words = await prepare(directory, suites, options)
  const run: Apt['run'] = async (name, more) => {
    const program: Program = {
      command: [name, ...words, ...more],
      name,
      environment: aptEnvironment(process.env),
      stdoutBytesMax: aptOutputBytesMax,
    }
    try {
      return (await runProgram(program, signal)).stdout.toString()
    } catch (error) {
      throw error instanceof ToolError ? tellAptFailure(error, options.mirror) : error
    }
  }
  const close = () => rm(directory, { recursive: true, force: true })
  try {
    await run('apt-get', ['update', '-qq', '--error-on=any'])
  } catch (error) {
    await close()
    throw error
  }
  return { run, [Symbol.asyncDispose]: close }
}

/** apt's own directories, all in one of ours. */
async function prepare(
  directory: string,
  suites: readonly string[],
  { mirror, architecture }: ResolveOptions,
): Promise<string[]> {
  const keyring = await archiveKeyring()
  const signed = keyring === undefined ? '' : ` signed-by=${keyring}`
  const sources = suites.map(
    (suite) => `deb [arch=${architecture}${signed}] ${archiveOf(mirror, suite)} ${suite} main\n`,
  )
  for (const name of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(directory, name), { recursive: true })
  await writeFile(join(directory, 'sources.list'), sources.join(''))
  await writeFile(join(directory, 'status'), '')
  const settings = {
    'Dir::Etc::sourcelist': join(directory, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': directory,
    'Dir::State::Lists': join(directory, 'lists'),
    'Dir::State::status': join(directory, 'status'),
    'Dir::Cache': join(directory, 'cache'),
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Default-Release': '',
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/**
 * Debian's keys where a machine of another distribution keeps them; else what apt trusts anyway.
 */
async function archiveKeyring(): Promise<string | undefined> {
  for (const ending of ['pgp', 'gpg']) {
    const path = `/usr/share/keyrings/debian-archive-keyring.${ending}`
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined) return path
  }
  return undefined
}

function aptEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTPS_PROXY', 'NO_PROXY']
  const proxies = names.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(proxies), PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
}
