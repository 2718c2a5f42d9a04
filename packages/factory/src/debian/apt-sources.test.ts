import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pinChoices, readChoices, readStanzas } from './apt-output.ts'
import { mirrorFromSetting, mirrorFromSources } from './apt-sources.ts'
import { findMirror } from './find-mirror.ts'

const main = 'http://mirror.test/debian'
const security = 'http://mirror.test/debian-security'

test('both forms of sources tell the mirror; other archives, comments and switched-off ones do not', () => {
  const oneLine = `# deb http://old.test/debian trixie main
deb-src http://src.test/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] ${main}/ trixie main
deb http://apt.test/other stable main
deb ${security} trixie-security main`
  assert.deepEqual(mirrorFromSources([oneLine]), { main, security })
  const deb822 = `Types: deb
# http://snapshot.test/debian
URIs: http://first.test/ubuntu
 ${main}
Suites: trixie
Components: main

Types: deb
URIs: http://sec.test/debian-security
Suites: trixie-security`
  assert.deepEqual(mirrorFromSources([deb822]), {
    main,
    security: 'http://sec.test/debian-security',
  })
  const off = 'Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: trixie\n'
  assert.equal(mirrorFromSources([off, 'Types: deb-src\nURIs: http://s.test/debian\n']), undefined)
  assert.deepEqual(mirrorFromSources([off, `deb ${main} trixie main`]), { main, security })
  assert.equal(mirrorFromSources(['deb cdrom:[x]/debian trixie main', '', 'deb']), undefined)
})

test('a setting names one or two addresses', () => {
  assert.deepEqual(mirrorFromSetting(`${main}/`), { main, security })
  assert.deepEqual(mirrorFromSetting(`${main}, http://b.test/s`), {
    main,
    security: 'http://b.test/s',
  })
  for (const bad of ['', 'mirror', 'javascript:alert(1)', `${main},nothing`])
    assert.equal(mirrorFromSetting(bad), undefined)
})

test('the option stands above the environment, and that above the machine; none is a sentence', async () => {
  const aptDirectory = await mkdtemp(join(tmpdir(), 'skerry-apt-'))
  try {
    await assert.rejects(findMirror({ aptDirectory, environment: {} }), /SKERRY_DEBIAN_MIRROR/)
    await mkdir(join(aptDirectory, 'sources.list.d'))
    await writeFile(join(aptDirectory, 'sources.list.d', 'a.list'), `deb ${main} trixie main\n`)
    assert.deepEqual(await findMirror({ aptDirectory, environment: {} }), { main, security })
    const environment = { SKERRY_DEBIAN_MIRROR: 'http://e.test/debian' }
    assert.equal((await findMirror({ aptDirectory, environment })).main, 'http://e.test/debian')
    const mirror = 'http://o.test/debian'
    assert.equal((await findMirror({ aptDirectory, environment, mirror })).main, mirror)
    await assert.rejects(
      findMirror({ aptDirectory, mirror: 'nonsense' }),
      /"nonsense" is no mirror/,
    )
  } finally {
    await rm(aptDirectory, { recursive: true })
  }
})

test("what apt chose is pinned by the index's digest, and named when the index lacks it", () => {
  const printed = `Reading state information...
'${main}/pool/main/a/a/a_1%3a2.0%2bb1_amd64.deb' a_1%3a2.0+b1_amd64.deb 10 MD5Sum:00
'${security}/pool/updates/main/b/b_2_all.deb' b_2_all.deb 20 SHA256:00
'${main}/pool/main/c/c_3_amd64.deb' c_3_amd64.deb 30
`
  const stanza = (name: string, version: string, file: string, sha256: string) =>
    `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nFilename: ${file}\nSize: 10\nSHA256: ${sha256}\nDescription: x\n more: no field\n`
  const stanzas = readStanzas(
    [
      stanza('a', '1:1.0', 'pool/main/a/a/a_1.0_amd64.deb', '0'.repeat(64)),
      stanza('a', '1:2.0+b1', 'pool/main/a/a/a_1:2.0+b1_amd64.deb', '1'.repeat(64)),
      stanza('b', '2', 'pool/updates/main/b/b_2_all.deb', '2'.repeat(64)),
    ].join('\n'),
  )
  const set = { name: 's', suites: ['trixie', 'trixie-security'], packages: ['a'] }
  const { packages, missing } = pinChoices(set, { main, security }, readChoices(printed), stanzas)
  assert.deepEqual(
    packages.map(({ name, version, sha256, suite }) => [name, version, sha256[0], suite]),
    [
      ['a', '1:2.0+b1', '1', 'trixie'],
      ['b', '2', '2', 'trixie-security'],
    ],
  )
  assert.deepEqual(missing, ['c 3'])
  const kept = pinChoices(
    { ...set, keep: ['b*'] },
    { main, security },
    readChoices(printed),
    stanzas,
  )
  assert.deepEqual([kept.packages.length, kept.missing], [1, []])
})
