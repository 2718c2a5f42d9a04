import type { Problem } from '../problem.ts'
import { windowsProblems } from '../windows/window-schema.ts'
import { selectorProblems } from './label-selector-schema.ts'
import { budgetProblems } from './rollout-budget.ts'
import type { RolloutPolicy } from './rollout-policy.ts'

const limitOf = {
  ErrorRate: 'maxIncrease',
  LatencyP99: 'maxMilliseconds',
  Accuracy: 'maxDrop',
  BootHealth: 'maxSites',
} as const

/** Everything that is wrong with a policy and that a schema cannot say. */
export function policyProblems(policy: RolloutPolicy, path: string): Problem[] {
  const { canary, windows } = policy
  return [
    ...gateProblems(policy, path),
    ...policy.waves.flatMap((wave, index) => waveProblems(wave, `${path}.waves[${index}]`)),
    ...repeatedSites(policy, path),
    ...(canary.selector === undefined
      ? []
      : selectorProblems(canary.selector, `${path}.canary.selector`)),
    ...(windows === undefined ? [] : windowsProblems(windows, `${path}.windows`)),
    ...budgetProblems(policy.budgets, `${path}.budgets`),
  ]
}

function gateProblems({ gates }: RolloutPolicy, path: string): Problem[] {
  return gates.flatMap((gate, index): Problem[] => {
    const limit = limitOf[gate.metric]
    return gate[limit] === undefined
      ? [
          {
            path: `${path}.gates[${index}].${limit}`,
            type: 'Required',
            message: `a gate on ${gate.metric} needs this limit`,
          },
        ]
      : []
  })
}

type Wave = RolloutPolicy['waves'][number]

function waveProblems(wave: Wave, path: string): Problem[] {
  const { count, percent, selector, sites } = wave
  const ways = [count, percent, selector, sites].filter((way) => way !== undefined).length
  return [
    ...(ways === 1
      ? []
      : [
          {
            path,
            type: 'Invalid' as const,
            message:
              ways === 0
                ? 'set either count or percent, or selector, or sites'
                : 'set either count or percent, or selector, or sites: only one of them',
          },
        ]),
    ...(selector === undefined ? [] : selectorProblems(selector, `${path}.selector`)),
    ...(sites?.length === 0
      ? [{ path: `${path}.sites`, type: 'Required' as const, message: 'name at least one site' }]
      : []),
  ]
}

/** A site goes once: a second wave that names it would wait for nobody. */
function repeatedSites({ waves }: RolloutPolicy, path: string): Problem[] {
  const seen = new Map<string, string>()
  return waves.flatMap((wave, index) =>
    (wave.sites ?? []).flatMap((site): Problem[] => {
      const first = seen.get(site)
      if (first === undefined) {
        seen.set(site, wave.name)
        return []
      }
      return [
        {
          path: `${path}.waves[${index}].sites`,
          type: 'Duplicate',
          value: site,
          message: `is already in wave ${first}: a site goes with one wave`,
        },
      ]
    }),
  )
}
