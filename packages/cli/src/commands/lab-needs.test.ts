import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LabFacts, labProblems } from './lab-needs.ts'

const gib = 2 ** 30
const good: LabFacts = {
  platform: 'linux',
  architecture: 'x64',
  memoryBytes: 8 * gib,
  places: [{ directory: '/data', freeBytes: 10 * gib, neededBytes: 2 * gib }],
  missing: [],
}

test('a machine that has everything is told nothing', () => {
  assert.deepEqual(labProblems(good), [])
})

test('each thing that a machine lacks is a sentence that says what to do', () => {
  const cases: readonly (readonly [Partial<LabFacts>, RegExp])[] = [
    [{ platform: 'darwin', architecture: 'arm64' }, /darwin on arm64: use a virtual machine/],
    [{ missing: ['xz', 'unshare'] }, /xz, unshare cannot be found: install with "sudo apt-get/],
    [{ namespaceProblem: 'Operation not permitted' }, /run as root, or allow it with "sudo sysctl/],
    [{ memoryBytes: gib }, /1\.0 GiB of memory are free.*end something/],
    [
      { places: [{ directory: '/small', freeBytes: gib, neededBytes: 2 * gib }] },
      /\/small has 1\.0 GiB free and 2\.0 GiB are needed: make room/,
    ],
    [{ mirrorProblem: 'Set SKERRY_DEBIAN_MIRROR.' }, /SKERRY_DEBIAN_MIRROR/],
  ]
  for (const [change, pattern] of cases) {
    const problems = labProblems({ ...good, ...change })
    assert.equal(problems.length, 1, JSON.stringify(change))
    assert.match(problems[0]!, pattern)
  }
})

test('everything that is missing is told at once', () => {
  const poor = labProblems({ ...good, memoryBytes: 0, missing: ['tar'], mirrorProblem: 'No.' })
  assert.equal(poor.length, 3)
})
