/** What is asked of Debian; a lock says what that came to. */
export type PackageSet = {
  readonly name: string
  /** The first is the release; `-updates` and `-security` follow it. */
  readonly suites: readonly string[]
  /** Package names, and `?essential` for all that Debian calls essential. */
  readonly packages: readonly string[]
  /**
   * Only these of all that apt would install, by name or by prefix and `*`. A kernel is unpacked
   * without what its scripts, which never run, would need.
   */
  readonly keep?: readonly string[]
}

const namePattern = /^[a-z0-9][a-z0-9+.-]{1,99}$/

/** What is wrong with a set that somebody wrote. */
export function packageSetProblems(set: PackageSet): string[] {
  const problems: string[] = []
  if (!/^[a-z0-9][a-z0-9.-]{0,62}$/.test(set.name))
    problems.push(`set ${JSON.stringify(set.name)}: a name has small letters, digits, "-" and "."`)
  if (set.suites.length === 0) problems.push(`set ${set.name}: name a suite, such as trixie`)
  for (const suite of set.suites)
    if (!/^[a-z][a-z0-9-]{1,40}$/.test(suite))
      problems.push(`set ${set.name}: ${JSON.stringify(suite)} is no suite of Debian`)
  if (set.packages.length === 0) problems.push(`set ${set.name}: name a package`)
  for (const name of set.packages)
    if (name !== '?essential' && !namePattern.test(name))
      problems.push(`set ${set.name}: ${JSON.stringify(name)} is no name of a Debian package`)
  return problems
}

/** A release with what was mended since. */
export function suitesOf(release: string): readonly string[] {
  return release === 'sid' ? ['sid'] : [release, `${release}-updates`, `${release}-security`]
}

export function isKept(set: PackageSet, name: string): boolean {
  if (set.keep === undefined) return true
  return set.keep.some((kept) =>
    kept.endsWith('*') ? name.startsWith(kept.slice(0, -1)) : name === kept,
  )
}
