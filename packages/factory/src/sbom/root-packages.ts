import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { readText } from '../root/edit-text.ts'
import { textFileBytesMax } from '../root/limits.ts'
import type { RootTree } from '../root/root-tree.ts'
import { readData } from '../root/write-tar.ts'
import { packagesMax } from './limits.ts'
import { readApkInstalled, readDpkgStatus } from './read-databases.ts'
import { readRpmHeader } from './read-rpm-header.ts'
import type { SoftwarePackage } from './software-package.ts'

/** What the databases of a root say is installed in it, sorted. */
export async function rootPackages(tree: RootTree): Promise<SoftwarePackage[]> {
  const release =
    (await readText(tree, 'etc/os-release')) ?? (await readText(tree, 'usr/lib/os-release')) ?? ''
  const vendor = /^ID="?([a-z0-9._-]+)"?$/m.exec(release)?.[1] ?? 'unknown'
  const found: SoftwarePackage[] = []
  // Images without a shell keep a file for each package.
  const parts = tree.names('var/lib/dpkg/status.d').filter((name) => !name.endsWith('.md5sums'))
  for (const path of [
    'var/lib/dpkg/status',
    ...parts.map((name) => `var/lib/dpkg/status.d/${name}`),
  ])
    found.push(...readDpkgStatus((await readText(tree, path)) ?? '', vendor))
  for (const path of ['lib/apk/db/installed', 'usr/lib/apk/db/installed'])
    if (tree.file(path) !== undefined)
      found.push(...readApkInstalled((await readText(tree, path)) ?? '', vendor))
  found.push(...(await rpmPackages(tree, vendor)))
  return uniquePackages(found)
}

/** Each package once, sorted. */
export function uniquePackages(packages: readonly SoftwarePackage[]): SoftwarePackage[] {
  const key = ({ type, name, version, architecture = '' }: SoftwarePackage) =>
    `${type} ${name} ${version} ${architecture}`
  // What comes first says more: a database knows the source of a package.
  const byKey = new Map(packages.toReversed().map((each) => [key(each), each]))
  return [...byKey.keys()].toSorted().map((each) => byKey.get(each)!)
}

/** RPM's database is one of SQLite; older forms are not read. */
async function rpmPackages(tree: RootTree, vendor: string): Promise<SoftwarePackage[]> {
  const file = ['usr/lib/sysimage/rpm/rpmdb.sqlite', 'var/lib/rpm/rpmdb.sqlite']
    .map((path) => tree.file(tree.resolve(path)))
    .find((each) => each !== undefined)
  if (file === undefined) return []
  const directory = await mkdtemp(join(tmpdir(), 'skerry-rpm-'))
  try {
    const path = join(directory, 'rpmdb.sqlite')
    await writeFile(path, await readData(file.data, textFileBytesMax))
    using database = new DatabaseSync(path, { readOnly: true })
    const rows = database.prepare('SELECT blob FROM Packages LIMIT ?').all(packagesMax)
    return rows.flatMap(({ blob }) => {
      const read = blob instanceof Uint8Array ? readRpmHeader(blob, vendor) : undefined
      return read === undefined ? [] : [read]
    })
  } catch {
    // A database that cannot be read is no reason not to build: what is in it stays unknown.
    return []
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
