import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { treesForTest } from '@skerry/factory/lab/testing/lab-trees'
import { openTestImages } from './boot/build-test-images.ts'
import { type World, laneOf } from './boot/lane.ts'
import { LaneRunner } from './boot/lane-runner.ts'
import type { Scenario } from './boot/scenario.ts'
import { quickPlain, quickSecure } from './boot/scenarios/quick.ts'

// The quick part of the boot tests: two machines at once, one of them with Secure Boot. All of them:
// `npm run test:boot`.

const trees = await treesForTest()
const skip = typeof trees === 'string' ? `a machine ${trees}` : false

describe('a machine of ours', { skip, concurrency: true }, () => {
  let world: Promise<World> | undefined
  const run = async (scenario: Scenario, secureBoot: boolean): Promise<void> => {
    world ??= openWorld()
    const lanes = { off: laneOf(false, 9), on: laneOf(true, 9) }
    await using runner = new LaneRunner(await world, lanes)
    const ran = await runner.run(scenario, secureBoot ? 'on' : 'off')
    assert.equal(ran.problem, undefined, `${ran.problem}\n${ran.consoleTail}`)
  }

  it('is updated, and shrugs off an image that panics', () => run(quickPlain, false))
  it('refuses an image that nobody signed, with Secure Boot', () => run(quickSecure, true))
})

async function openWorld(): Promise<World> {
  assert(typeof trees !== 'string')
  const say = (line: string) => console.log(line)
  return { trees, images: await openTestImages(say), say }
}
