import { isPlainObject } from '@skerry/base/json'
import { lockBytesMax, lockedSetsMax, packageBytesMax, packagesPerSetMax } from './limits.ts'
import type { LockedPackage } from './locked-package.ts'

/** What a set came to when the lock was made. */
export type LockedSet = {
  readonly suites: readonly string[]
  /** What was asked for. */
  readonly asked: readonly string[]
  /** All that came of it, by name. */
  readonly packages: readonly LockedPackage[]
}

/** Which packages a build is made of; says nothing of any mirror. */
export type Lock = {
  /** As Debian calls it: `amd64`. */
  readonly architecture: string
  readonly sets: Readonly<Record<string, LockedSet>>
}

export type ParsedLock =
  | { readonly ok: true; readonly lock: Lock }
  | { readonly ok: false; readonly problems: readonly string[] }

const apiVersion = 'skerry.dev/lock.v1'

/** One line a package, sorted: a difference of two locks reads as what changed. */
export function formatLock(lock: Lock): string {
  const sets = Object.keys(lock.sets)
    .toSorted()
    .map((name) => formatSet(name, lock.sets[name]!))
  const head = `  "apiVersion": ${JSON.stringify(apiVersion)},\n`
  const architecture = `  "architecture": ${JSON.stringify(lock.architecture)},\n`
  return `{\n${head}${architecture}  "sets": {\n${sets.join(',\n')}\n  }\n}\n`
}

function formatSet(name: string, set: LockedSet): string {
  const lines = set.packages
    .toSorted((left, right) => compare(left.name, right.name))
    .map((each) => `        ${JSON.stringify(inOrder(each))}`)
  const asked = `      "asked": ${JSON.stringify(set.asked.toSorted())},\n`
  const suites = `      "suites": ${JSON.stringify(set.suites)},\n`
  const packages = `      "packages": [\n${lines.join(',\n')}\n      ]`
  return `    ${JSON.stringify(name)}: {\n${asked}${suites}${packages}\n    }`
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function inOrder(each: LockedPackage): LockedPackage {
  const { name, version, architecture, suite, sizeBytes, sha256, file } = each
  return { name, version, architecture, suite, sizeBytes, sha256, file }
}

/** Reads a lock that anybody may have written. */
export function parseLock(text: string): ParsedLock {
  if (text.length > lockBytesMax)
    return refused([`the lock has over ${lockBytesMax} bytes, which no lock needs`])
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refused([`not JSON: ${error instanceof Error ? error.message : String(error)}`])
  }
  if (!isPlainObject(value)) return refused(['a lock is a JSON object'])
  if (value['apiVersion'] !== apiVersion)
    return refused([
      `apiVersion: ${show(value['apiVersion'])}: this program reads ${apiVersion} only`,
    ])
  const { architecture, sets } = value
  if (typeof architecture !== 'string' || !/^[a-z0-9]{2,20}$/.test(architecture))
    return refused([`architecture: ${show(architecture)}: one of Debian's, such as amd64`])
  if (!isPlainObject(sets)) return refused(['sets: an object of sets by name'])
  const names = Object.keys(sets)
  if (names.length > lockedSetsMax) return refused([`sets: over ${lockedSetsMax}`])
  const problems = names.flatMap((name) => setProblems(name, sets[name], architecture))
  if (problems.length > 0) return refused(problems)
  return { ok: true, lock: { architecture, sets: sets as Record<string, LockedSet> } }
}

function refused(problems: readonly string[]): ParsedLock {
  return { ok: false, problems }
}

function setProblems(name: string, set: unknown, architecture: string): string[] {
  const at = `sets.${name}`
  if (!isPlainObject(set)) return [`${at}: an object`]
  const { suites, asked, packages } = set
  if (!areTexts(suites) || suites.length === 0) return [`${at}.suites: a list of names of suites`]
  if (!areTexts(asked)) return [`${at}.asked: a list of names`]
  if (!Array.isArray(packages) || packages.length > packagesPerSetMax)
    return [`${at}.packages: a list of at most ${packagesPerSetMax} packages`]
  const seen = new Set<string>()
  return packages.flatMap((each: unknown, index) => {
    const where = `${at}.packages[${index}]`
    const problems = packageProblems(each, where, architecture)
    if (problems.length > 0) return problems
    const key = (each as LockedPackage).name
    if (seen.has(key)) return [`${where}: ${key} stands there twice`]
    seen.add(key)
    return []
  })
}

/**
 * Each field with what it must look like: names become paths and addresses, so nothing else may
 * stand there.
 */
const fields: Readonly<Record<string, readonly [RegExp, string]>> = {
  name: [/^[a-z0-9][a-z0-9+.-]{1,99}$/, 'the name of a Debian package'],
  version: [/^[0-9][A-Za-z0-9.+:~-]{0,99}$/, 'a version of a Debian package'],
  sha256: [/^[0-9a-f]{64}$/, '64 hexadecimal digits'],
  file: [
    /^pool\/(?!.*\/\.)[A-Za-z0-9._+~:%/-]{1,300}\.deb$/,
    'a path below pool/ that ends in .deb',
  ],
  suite: [/^[a-z][a-z0-9-]{1,40}$/, 'the name of a suite'],
}

function packageProblems(each: unknown, where: string, architecture: string): string[] {
  if (!isPlainObject(each)) return [`${where}: an object`]
  const problems = Object.entries(fields).flatMap(([field, [pattern, rule]]) => {
    const value = each[field]
    if (typeof value === 'string' && pattern.test(value)) return []
    return [`${where}.${field}: ${show(value)}: must be ${rule}`]
  })
  if (each['architecture'] !== 'all' && each['architecture'] !== architecture)
    problems.push(`${where}.architecture: ${show(each['architecture'])}: ${architecture} or all`)
  const size = each['sizeBytes']
  if (!Number.isSafeInteger(size) || Number(size) < 1 || Number(size) > packageBytesMax)
    problems.push(`${where}.sizeBytes: ${show(size)}: 1 to ${packageBytesMax}`)
  return problems
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 80)
}
