import type { Mirror } from './apt-sources.ts'
import type { LockedPackage } from './locked-package.ts'
import { type PackageSet, isKept } from './package-set.ts'

/** What `apt-get --print-uris install` would fetch. */
export type AptChoice = {
  readonly name: string
  readonly version: string
  readonly address: string
}

/** `'ADDRESS' NAME_VERSION_ARCHITECTURE.deb SIZE HASH`, a colon of the version written as %3a. */
export function readChoices(output: string): AptChoice[] {
  return output.split('\n').flatMap((line) => {
    const found = /^'([^']+)' ([^_\s]+)_([^_\s]+)_[^_\s]+\.deb /.exec(line)
    if (found === null) return []
    const [, address, name, version] = found
    return [{ address: address!, name: name!, version: decodeURIComponent(version!) }]
  })
}

/** A stanza of an index: fields by name, continuation lines left out. */
export function readStanzas(output: string): Readonly<Record<string, string>>[] {
  return output
    .split(/\n\n+/)
    .map((stanza) =>
      Object.fromEntries(
        stanza.split('\n').flatMap((line) => {
          const found = /^([A-Za-z0-9-]+): (.*)$/.exec(line)
          return found === null ? [] : [[found[1]!, found[2]!]]
        }),
      ),
    )
    .filter((stanza) => stanza['Package'] !== undefined)
}

/** The chosen packages as the signed indices describe them; those that they lack are named. */
export function pinChoices(
  set: PackageSet,
  mirror: Mirror,
  choices: readonly AptChoice[],
  stanzas: readonly Readonly<Record<string, string>>[],
): { readonly packages: LockedPackage[]; readonly missing: string[] } {
  const packages: LockedPackage[] = []
  const missing: string[] = []
  for (const choice of choices.filter(({ name }) => isKept(set, name))) {
    const path = decodeURIComponent(new URL(choice.address).pathname)
    const stanza = stanzas.find(
      (each) =>
        each['Package'] === choice.name &&
        each['Version'] === choice.version &&
        path.endsWith(`/${each['Filename']}`),
    )
    const sha256 = stanza?.['SHA256']
    if (stanza === undefined || sha256 === undefined) {
      missing.push(`${choice.name} ${choice.version}`)
      continue
    }
    packages.push({
      name: choice.name,
      version: choice.version,
      architecture: stanza['Architecture'] ?? '',
      sha256,
      sizeBytes: Number(stanza['Size']),
      file: stanza['Filename'] ?? '',
      suite: suiteOf(set, mirror, choice.address),
    })
  }
  return { packages, missing }
}

/** apt does not say of which suite a package is, only of which archive. */
function suiteOf(set: PackageSet, mirror: Mirror, address: string): string {
  const release = set.suites[0] ?? ''
  const security = set.suites.find((suite) => suite.endsWith('-security'))
  const isSecurity = security !== undefined && address.startsWith(`${mirror.security}/`)
  return isSecurity ? security : release
}

/** Which archive a suite is in. */
export function archiveOf(mirror: Mirror, suite: string): string {
  return suite.endsWith('-security') ? mirror.security : mirror.main
}
