import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeHost } from './testing/fake-host.ts'
import {
  type RunningAgent,
  lastChild,
  model,
  ready,
  sign,
  spec,
  startAgent,
} from './testing/fake-site.ts'
import { type SimulatedDisk, createSimulatedDisk } from './testing/simulated-disk.ts'

/** Two releases of a model: each is pushed, fetched, loaded, switched to and noted. */
async function live(agent: RunningAgent): Promise<void> {
  const { host } = agent
  for (const [index, version] of ['v1', 'v2'].entries()) {
    host.hub.push(sign(spec(index + 1, [model(version)])))
    await host.advance(100)
    if (host.children.length === 0) return
    lastChild(host).say(ready)
    await host.advance(100)
  }
}

/** The disk as it is after so many operations of an agent, which the cut ends. */
async function cutAt(operation: number): Promise<{ disk: SimulatedDisk; isOver: boolean }> {
  const disk = createSimulatedDisk()
  const host = createFakeHost(disk)
  const agent = await startAgent(host)
  const first = disk.operations
  disk.cutPowerAt(first + operation, 'silence')
  await live(agent)
  const isOver = disk.operations < first + operation
  return { disk, isOver }
}

describe('the whole agent', () => {
  it('ends right after a power cut at every step of an update', async () => {
    for (let operation = 0; ; operation += 1) {
      const { disk, isOver } = await cutAt(operation)
      const host = createFakeHost(disk.afterPowerCut(operation))
      const agent = await startAgent(host)
      host.hub.push(sign(spec(2, [model('v2')])))
      for (let turn = 0; turn < 6; turn += 1) {
        await host.advance(300)
        for (const child of host.children) if (!child.isGone) child.say(ready)
      }
      for (const child of host.children)
        if (child.sent.some((message) => 'deadlineMs' in message)) child.exit({ code: 0 })
      await host.advance(300)
      const { health, applied, layers, plan } = await agent.status()
      const told = `operation ${operation}: ${plan.join('; ')}`
      assert.equal(health, 'Healthy', told)
      assert.deepEqual(applied, { epoch: 1, revision: 2 }, told)
      assert.equal(layers[0]?.version, 'v2', told)
      await agent.stop()
      if (isOver) return assert.ok(operation > 50, 'many steps were tried')
    }
  })
})
