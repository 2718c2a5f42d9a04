import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HealthFacts, healthProblems, judgeTrial } from './health-gate.ts'

const well: HealthFacts = { hasHub: true, services: [], models: [], commands: [] }
const answered = { didHubAnswer: true, hadNetwork: true }
const silent = { didHubAnswer: false, hadNetwork: true }
const offline = { didHubAnswer: false, hadNetwork: false }
const noNetwork = { network: 'there is no network' }
const noHub = { hub: 'Unreachable' }

describe('what speaks against a new image', () => {
  const cases: [string, Partial<HealthFacts>, typeof answered | undefined, RegExp[]][] = [
    ['nothing', {}, answered, []],
    ['nothing, intent unknown', {}, undefined, []],
    ['hub silent that answered', noHub, answered, [/hub, which answered before/]],
    ['hub silent as before', noHub, silent, []],
    ['hub silent, nobody knows how it was', noHub, undefined, [/nobody knows/]],
    ['hub silent, but there is none', { ...noHub, hasHub: false }, undefined, []],
    ['no network', { ...noNetwork, ...noHub }, answered, [/no network/, /hub/]],
    ['no network, hub silent as before', { ...noNetwork, ...noHub }, silent, [/no network/]],
    ['no network as before', { ...noNetwork, ...noHub }, offline, []],
    ['no network, no hub', { ...noNetwork, ...noHub, hasHub: false }, undefined, [/no network/]],
    ['no address that we know, but the hub answers', noNetwork, answered, []],
    ['a loop is stuck', { loops: 'loop seek' }, answered, [/loop seek/]],
    [
      'services, models and commands',
      { services: ['a'], models: ['b'], commands: ['c', 'd'] },
      answered,
      [/a/, /b/, /c/, /d/],
    ],
  ]
  for (const [name, facts, before, expected] of cases)
    it(name, () => {
      const problems = healthProblems({ ...well, ...facts }, before)
      assert.equal(problems.length, expected.length, problems.join('; '))
      for (const [index, pattern] of expected.entries())
        assert.match(problems[index] ?? '', pattern)
    })
})

describe('a trial', () => {
  const at = (nowMs: number, wellSinceMs?: number) => ({
    startMs: 10_000,
    nowMs,
    deadlineMs: 60_000,
    wellSinceMs,
  })
  const verdict = (problems: string[], clock: Parameters<typeof judgeTrial>[1]) =>
    judgeTrial(problems, clock).trial.verdict

  it('needs to be well for a while in a row', () => {
    const first = judgeTrial([], at(11_000))
    assert.deepEqual([first.trial.verdict, first.wellSinceMs], ['Judging', 11_000])
    assert.equal(verdict([], at(40_999, 11_000)), 'Judging')
    assert.equal(verdict([], at(41_000, 11_000)), 'Healthy')
    assert.equal(judgeTrial(['x'], at(30_000, 11_000)).wellSinceMs, undefined)
  })

  it('ends at its deadline with what is wrong, named up to a bound', () => {
    assert.equal(verdict(['x'], at(69_999)), 'Judging')
    const many = Array.from({ length: 9 }, (_, index) => `problem ${index} ${'x'.repeat(999)}`)
    const { trial } = judgeTrial(many, at(70_000))
    assert.equal(trial.verdict, 'Unhealthy')
    assert.match(
      trial.verdict === 'Unhealthy' ? trial.message : '',
      /^not healthy within 60 s: .*; and 4 more$/,
    )
    assert.ok(trial.verdict === 'Unhealthy' && trial.message.length < 2000)
  })

  it('that became well just before its deadline is given the time to prove it', () => {
    assert.equal(verdict([], at(75_000, 69_000)), 'Judging')
    assert.equal(verdict([], at(99_000, 69_000)), 'Healthy')
    assert.equal(verdict(['x'], at(75_000, 69_000)), 'Unhealthy')
  })

  it('that has only become well after its deadline is kept too, if nobody gave it up before', () => {
    assert.equal(verdict([], at(500_000)), 'Judging')
  })
})
