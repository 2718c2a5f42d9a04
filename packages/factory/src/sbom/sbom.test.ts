import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { readFileSync } from 'node:fs'
import { putText } from '../root/edit-text.ts'
import { RootTree } from '../root/root-tree.ts'
import { readRpmHeader } from './read-rpm-header.ts'
import { rootPackages } from './root-packages.ts'
import { packageUrl, spdxDocument } from './spdx-document.ts'

const dpkg = `Package: bash
Status: install ok installed
Architecture: amd64
Source: bash (5.2)
Version: 5.2.37-2+b10
Description: shell
 with Package: lines

Package: gone
Status: deinstall ok config-files
Version: 1
`
const apk = 'C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\n\nP:zlib\nV:1.3\n'

/** A header as RPM writes it: tag, type, offset, count; then the values. */
function rpmHeader(values: Readonly<Record<number, string | number>>): Buffer {
  const index: Buffer[] = []
  const store: Buffer[] = []
  let offset = 0
  for (const [tag, value] of Object.entries(values)) {
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(4)
    if (typeof value === 'number') bytes.writeUInt32BE(value)
    const entry = Buffer.alloc(16)
    ;[Number(tag), typeof value === 'string' ? 6 : 4, offset, 1].forEach((each, at) =>
      entry.writeUInt32BE(each, at * 4),
    )
    index.push(entry)
    store.push(bytes)
    offset += bytes.length
  }
  const head = Buffer.alloc(8)
  head.writeUInt32BE(index.length, 0)
  head.writeUInt32BE(offset, 4)
  return Buffer.concat([head, ...index, ...store, Buffer.alloc(4)])
}

test('packages are read from the databases of Debian, Alpine and RPM', async () => {
  const tree = new RootTree()
  putText(tree, 'etc/os-release', 'ID="debian"\n')
  putText(tree, 'var/lib/dpkg/status', dpkg)
  putText(tree, 'lib/apk/db/installed', apk)
  const dir = await mkdtemp(join(tmpdir(), 'rpm-'))
  const path = join(dir, 'rpmdb.sqlite')
  const header = rpmHeader({
    1000: 'glibc',
    1001: '2.40',
    1002: '1.fc42',
    1003: 2,
    1014: 'LGPL',
    1022: 'x86_64',
  })
  {
    using database = new DatabaseSync(path)
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)')
    database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(header)
  }
  tree.put('usr/lib/sysimage/rpm/rpmdb.sqlite', {
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    data: { bytes: readFileSync(path) },
  })
  await rm(dir, { recursive: true })
  const found = await rootPackages(tree)
  assert.deepEqual(found.map(packageUrl), [
    'pkg:apk/debian/musl@1.2.5-r0?arch=x86_64',
    'pkg:apk/debian/zlib@1.3',
    'pkg:deb/debian/bash@5.2.37-2%2Bb10?arch=amd64',
    'pkg:rpm/debian/glibc@2%3A2.40-1.fc42?arch=x86_64',
  ])
  assert.deepEqual([found[2]?.source, found[3]?.license], ['bash', 'LGPL'])
})

test('a database that is none is no reason not to build', async () => {
  const tree = new RootTree()
  putText(tree, 'usr/lib/sysimage/rpm/rpmdb.sqlite', 'hello')
  putText(tree, 'var/lib/dpkg/status', '\u0000\u0001 nonsense\n\n\nPackage: half\n')
  assert.deepEqual(await rootPackages(tree), [])
})

test('no header of RPM throws, whatever its bytes', () => {
  const good = rpmHeader({ 1000: 'a', 1001: '1', 1002: '1' })
  assert.equal(readRpmHeader(good, 'x')?.version, '1-1')
  for (let at = 0; at < good.length; at += 1) {
    const wrong = Buffer.from(good)
    wrong[at]! ^= 0xff
    readRpmHeader(wrong, 'x')
    readRpmHeader(good.subarray(0, at), 'x')
  }
})

test('the document describes the image, says what it contains, and holds no time', () => {
  const subject = {
    name: 'edge',
    version: '1.0.0',
    digest: `sha256:${'a'.repeat(64)}`,
    architecture: 'amd64',
  } as const
  const document = spdxDocument(subject, [
    { name: 'bash', version: '5', type: 'deb', vendor: 'debian' },
  ]) as {
    packages: unknown[]
    relationships: { relationshipType: string }[]
  }
  assert.equal(document.packages.length, 2)
  assert.deepEqual(
    document.relationships.map(({ relationshipType }) => relationshipType),
    ['DESCRIBES', 'CONTAINS'],
  )
  assert.deepEqual(
    document,
    spdxDocument(subject, [{ name: 'bash', version: '5', type: 'deb', vendor: 'debian' }]),
  )
})
