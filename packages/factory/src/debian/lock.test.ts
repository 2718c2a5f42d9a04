import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { builtInSets } from './built-in-sets.ts'
import { type Lock, type LockedSet, formatLock, parseLock } from './lock.ts'
import { packageSetProblems } from './package-set.ts'
import { lockChanges, unpinnedSets } from './update-lock.ts'

const bash = {
  name: 'bash',
  version: '5.2.37-2+b10',
  architecture: 'amd64',
  sha256: 'a'.repeat(64),
  sizeBytes: 1_500_792,
  file: 'pool/main/b/bash/bash_5.2.37-2+b10_amd64.deb',
  suite: 'trixie',
}
const lockOf = (...packages: object[]) =>
  ({
    architecture: 'amd64',
    sets: { tools: { suites: ['trixie'], asked: ['bash'], packages } },
  }) as unknown as Lock

test('a lock is read as it was written, sorted, a line a package', () => {
  const zip = { ...bash, name: 'zip', file: 'pool/main/z/zip_1_amd64.deb' }
  const text = formatLock(lockOf(zip, bash))
  const parsed = parseLock(text)
  assert.deepEqual(parsed.ok && parsed.lock, lockOf(bash, zip))
  assert.equal(text.split('\n').filter((line) => line.includes('"sha256"')).length, 2)
  assert.equal(formatLock(lockOf(bash, zip)), text)
})

test('the lock beside this program pins each built-in set as it is asked', () => {
  const parsed = parseLock(readFileSync(new URL('../../debian/lock.json', import.meta.url), 'utf8'))
  assert.ok(parsed.ok)
  for (const set of builtInSets) {
    assert.deepEqual(packageSetProblems(set), [])
    const locked: LockedSet | undefined = parsed.lock.sets[set.name]
    assert.deepEqual(locked?.asked, set.packages.toSorted(), `${set.name}: update the lock`)
    assert.deepEqual(locked?.suites, set.suites)
  }
})

test('what is no lock, or would leave the cache or the archive, is refused with field and rule', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ ...bash, file: 'pool/../../etc/passwd.deb' }, /packages\[0\]\.file: .* below pool\//],
    [{ ...bash, file: 'http://elsewhere/pool/x.deb' }, /file/],
    [{ ...bash, file: 'pool/x.deb?x=.deb' }, /file/],
    [{ ...bash, sha256: '../../x' }, /sha256: .* 64 hexadecimal digits/],
    [{ ...bash, sha256: 'A'.repeat(64) }, /sha256/],
    [{ ...bash, name: '--option' }, /name/],
    [{ ...bash, version: '$(id)' }, /version/],
    [{ ...bash, suite: 'a/b' }, /suite/],
    [{ ...bash, architecture: 'arm64' }, /architecture: "arm64": amd64 or all/],
    [{ ...bash, sizeBytes: -1 }, /sizeBytes/],
    [{ ...bash, sizeBytes: 2 ** 40 }, /sizeBytes/],
    [[], /packages\[0\]/],
  ]
  for (const [each, rule] of wrong) {
    const parsed = parseLock(formatLock(lockOf(each)))
    assert.match(parsed.ok ? 'accepted' : parsed.problems.join('\n'), rule)
  }
  const twice = parseLock(formatLock(lockOf(bash, bash)))
  assert.match(twice.ok ? '' : twice.problems.join(), /bash stands there twice/)
  for (const text of [
    '',
    '[]',
    'null',
    '{"apiVersion":"v9"}',
    '{"apiVersion":"skerry.dev/lock.v1"}',
  ])
    assert.equal(parseLock(text).ok, false, text)
  const missing = parseLock(
    '{"apiVersion":"skerry.dev/lock.v1","architecture":"amd64","sets":{"a":{"suites":["x"],"asked":[]}}}',
  )
  assert.match(missing.ok ? '' : missing.problems.join(), /sets\.a\.packages/)
})

test('two locks differ by what came, went and changed', () => {
  const newer = { ...bash, version: '5.3-1', sha256: 'b'.repeat(64) }
  const dash = { ...bash, name: 'dash' }
  assert.deepEqual(lockChanges(lockOf(bash, dash), lockOf(newer)), [
    'tools: dash 5.2.37-2+b10 -> gone',
    'tools: bash 5.2.37-2+b10 -> 5.3-1',
  ])
  assert.deepEqual(lockChanges(lockOf(bash), lockOf(bash)), [])
  assert.deepEqual(lockChanges(undefined, lockOf(bash)), ['tools: new, 1 packages, 1.4 MiB'])
  const other = { ...bash, sha256: 'c'.repeat(64) }
  assert.match(lockChanges(lockOf(bash), lockOf(other))[0] ?? '', /other bytes under the same/)
})

test('only what is not pinned as it is asked is resolved again', () => {
  const tools = { name: 'tools', suites: ['trixie'], packages: ['bash'] }
  const sets = [tools, { ...tools, name: 'new' }, { ...tools, suites: ['sid'] }]
  assert.deepEqual(unpinnedSets(lockOf(bash), sets, 'amd64'), sets.slice(1))
  assert.deepEqual(unpinnedSets(lockOf(bash), [{ ...tools, packages: ['zip'] }], 'amd64').length, 1)
  assert.deepEqual(unpinnedSets(lockOf(bash), [tools], 'arm64'), [tools])
  assert.deepEqual(unpinnedSets(undefined, [tools], 'amd64'), [tools])
})

test('a set that could be an option of apt, or a path, is refused', () => {
  const set = { name: 'mine', suites: ['trixie'], packages: ['bash'] }
  assert.deepEqual(packageSetProblems(set), [])
  for (const bad of [
    { ...set, name: '../x' },
    { ...set, suites: [] },
    { ...set, suites: ['trixie main\ndeb'] },
    { ...set, packages: ['-oDir=/'] },
    { ...set, packages: ['bash=1'] },
    { ...set, packages: [] },
  ])
    assert.equal(packageSetProblems(bad).length, 1)
})
