// The agent as it is shipped: one bundle and a Node.js, no repository around it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { siteKind } from '@skerry/api/kinds/site'
import { DemoRun } from './demo-run.ts'
import { ExtraAgent, buildAgent, copySite, untilGreen } from './extra-agent.ts'

let run: DemoRun
before(async () => {
  run = await DemoRun.start(1)
})
after(async () => {
  await run?.[Symbol.asyncDispose]()
})

test('the bundle enrols, turns green, and its model server answers', async () => {
  await copySite(run, 'depot-2')
  await using agent = await ExtraAgent.start(run, { site: 'depot-2', agent: buildAgent() })
  await untilGreen(run, ['depot-2'])
  assert.ok(agent.pid > 0, 'it runs on')
  const site = await (await run.state()).get(siteKind, { namespace: 'default', name: 'depot-2' })
  assert.equal(site?.status?.models, 'digits v1')
  const answer = await fetch(`${run.modelUrl('depot-2')}/v2/models/digits`)
  assert.equal(answer.status, 200)
  assert.deepEqual(((await answer.json()) as { versions: string[] }).versions, ['v1'])
})
