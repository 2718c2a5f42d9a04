import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyDefaults } from '../schema-defaults.ts'
import { validateSchema } from '../schema-validate.ts'
import { type RolloutPolicy, rolloutPolicySchema } from './rollout-policy.ts'
import { policyProblems } from './rollout-policy-problems.ts'

function problemsOf(policy: object): string[] {
  const whole = applyDefaults(rolloutPolicySchema, policy) as RolloutPolicy
  const shape = validateSchema(rolloutPolicySchema, whole, 'rollout')
  const all = shape.length > 0 ? shape : policyProblems(whole, 'rollout')
  return all.map(({ path, message }) => `${path}: ${message}`)
}

const refused: Record<string, readonly [object, RegExp]> = {
  'a budget that says nothing': [
    { budgets: [{ label: 'store' }] },
    /budgets\[0\]: set either maxSites or maxPercent/,
  ],
  'a budget that says two things': [
    { budgets: [{ maxSites: 1, maxPercent: 5 }] },
    /set either maxSites or maxPercent/,
  ],
  'a budget of nobody': [{ budgets: [{ maxSites: 0 }] }, /budgets\[0\]\.maxSites/],
  'a budget of no share': [{ budgets: [{ maxPercent: 0 }] }, /budgets\[0\]\.maxPercent/],
  'a budget of more than all': [{ budgets: [{ maxPercent: 101 }] }, /maxPercent/],
  'a wave without a size': [
    { waves: [{ name: 'one' }] },
    /waves\[0\]: set either count or percent/,
  ],
  'a wave with two sizes': [
    { waves: [{ name: 'one', count: 1, sites: ['a'] }] },
    /waves\[0\]: .*only one of them/,
  ],
  'a wave of a list of nobody': [
    { waves: [{ name: 'one', sites: [] }] },
    /waves\[0\]\.sites: name at least one site/,
  ],
  'a site in two lists': [
    {
      waves: [
        { name: 'one', sites: ['a'] },
        { name: 'two', sites: ['b', 'a'] },
      ],
    },
    /waves\[1\]\.sites: is already in wave one/,
  ],
  'a selector with values where none belong': [
    {
      waves: [
        {
          name: 'one',
          selector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
        },
      ],
    },
    /waves\[0\]\.selector\.matchExpressions\[0\]\.values: not allowed with Exists/,
  ],
  'a canary whose selector lacks values': [
    { canary: { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } } },
    /canary\.selector\.matchExpressions\[0\]\.values: name the values/,
  ],
  'windows that never open': [
    { windows: { install: [{ cron: '0 0 30 2 *', durationMinutes: 5 }] } },
    /windows\.install\[0\]\.cron: never opens/,
  ],
  'a window of no time': [
    { windows: { install: [{ cron: '0 0 * * *', durationMinutes: 0 }] } },
    /durationMinutes/,
  ],
  'a limit of no time': [{ waitLimitSeconds: 0 }, /waitLimitSeconds/],
  'retries without an end': [{ siteRetries: 1000 }, /siteRetries/],
}
for (const [name, [policy, pattern]] of Object.entries(refused))
  test(`refused: ${name}`, () => assert.match(problemsOf(policy)[0] ?? 'nothing', pattern))

test('a policy that says nothing means what it meant', () => {
  assert.deepEqual(problemsOf({}), [])
  const policy = applyDefaults(rolloutPolicySchema, {}) as RolloutPolicy
  assert.deepEqual(policy.budgets, [])
  assert.equal(policy.windows, undefined)
  assert.equal(policy.siteRetries, 0)
  assert.equal(policy.onNewRevision, 'Supersede')
  assert.deepEqual(policy.canary, { sites: 1, approvals: 0 })
})

test('a policy that says everything is taken', () => {
  const selector = { matchLabels: { tier: 'lab' } }
  const policy = {
    canary: { sites: 2, selector, soakSeconds: 60, approvals: 2 },
    waves: [
      { name: 'lab', selector, maxFailedSites: 1 },
      { name: 'named', sites: ['a', 'b'], approvals: 1 },
      { name: 'tenth', percent: 10 },
    ],
    rest: { soakSeconds: 0, approvals: 1 },
    windows: {
      install: [{ cron: '0 2 * * sat', durationMinutes: 180 }],
      blackouts: [{ name: 'xmas', from: '12-20', to: '01-06' }],
      timeZone: 'Europe/Berlin',
      ignoredForLabel: 'security',
    },
    budgets: [{ maxPercent: 10 }, { label: 'store', maxSites: 1 }],
    rollback: { ignoreWindows: true },
    onNewRevision: 'Queue',
  }
  assert.deepEqual(problemsOf(policy), [])
})
