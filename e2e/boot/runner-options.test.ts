import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWanted, parseRunnerOptions, shardOf } from './runner-options.ts'

test('options are read, and what is wrong with them is said', () => {
  const options = parseRunnerOptions(['--only', '=panic', '--shard', '2/3', '--secure-boot', 'on'])
  assert.deepEqual(options.shard, { index: 2, count: 3 })
  assert.deepEqual(options.secureBoot, ['on'])
  assert.equal(options.jobs, 3)
  for (const [words, said] of [
    [['--shard', '4/3'], /--shard 4\/3: must be I\/N/],
    [['--shard', '0/3'], /must be I\/N/],
    [['--jobs', '0'], /from 1 to 32/],
    [['--secure-boot', 'maybe'], /on, off or both/],
    [['--suite', 'half'], /faults or roots/],
    [['--everything'], /--everything/],
  ] as const)
    assert.throws(() => parseRunnerOptions(words), said)
})

test('the shards of a list have all of it, each line once', () => {
  const all = Array.from({ length: 31 }, (_, index) => index)
  const parts = [1, 2, 3, 4].flatMap((index) => shardOf(all, { index, count: 4 }))
  assert.deepEqual(
    parts.toSorted((a, b) => a - b),
    all,
  )
})

test('a name is asked for by a part of it, or exactly', () => {
  assert(isWanted('hub-silent-after', 'silent'))
  assert(!isWanted('hub-silent-after', '=hub-silent'))
  assert(isWanted('hub-silent-after', '=hub-silent-after'))
  assert(isWanted('panic', '=hub-silent-after,=panic'))
  assert(isWanted('anything', undefined))
})
