import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainSite } from '../explain-site.ts'
import { World } from './rollout-world.ts'

/** What is played, and how it must stand afterwards. */
export type Case = {
  /** Names, separated by spaces; four of them unless said otherwise. */
  readonly sites?: string
  readonly policy?: object
  /** What ran before; null: nothing. */
  readonly previous?: string | null
  readonly play: (world: World) => void
  /** `a=Updated b=Waiting/Budget`: states, with what holds a site; sites that are left out may be in any. */
  readonly states?: string
  readonly phase?: string
  /** What the rollout says. */
  readonly message?: RegExp
  /** What `explainSite` says of single sites. */
  readonly says?: Readonly<Record<string, RegExp>>
}

/** Nothing but sites that change: no canary, no soak, no gates. */
export const plain = { canary: { sites: 0 }, soakSeconds: 0, gates: [], siteTimeoutSeconds: 3600 }

export function playCases(cases: Readonly<Record<string, Case>>): void {
  for (const [name, each] of Object.entries(cases)) test(name, () => play(each))
}

function play(each: Case): void {
  const names = (each.sites ?? 'a b c d').split(' ').filter((name) => name !== '')
  const policy = { ...plain, ...each.policy }
  const world = new World(names, policy, each.previous === undefined ? 'p-v1' : each.previous)
  each.play(world)
  if (each.states !== undefined) assert.equal(statesOf(world, each.states), each.states)
  if (each.phase !== undefined) assert.equal(world.status.phase, each.phase, world.status.message)
  if (each.message !== undefined) assert.match(world.status.message ?? '', each.message)
  for (const [site, pattern] of Object.entries(each.says ?? {}))
    assert.match(explainSite(world.rollout, site, world.facts(), world.nowMs), pattern)
}

/** The states of those sites that are expected, so that the difference is seen at a glance. */
function statesOf(world: World, expected: string): string {
  return expected
    .split(' ')
    .map((word) => {
      const [name] = word.split('=')
      const site = world.status.sites?.find((one) => one.name === name)
      const state = site === undefined ? 'Gone' : site.state
      return `${name}=${state}${site?.hold === undefined ? '' : `/${site.hold}`}`
    })
    .join(' ')
}
