import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { createFakeHost } from '../testing/fake-host.ts'
import { bootFakeMachine, createFakeOsDisk, fakeImage } from '../testing/fake-image-machine.ts'
import { startAgent } from '../testing/fake-site.ts'
import { createSimulatedDisk } from '../testing/simulated-disk.ts'

const stops: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of stops) await stop()
})

async function boot(isHubUp: boolean) {
  const disk = createFakeOsDisk('v1')
  const host = createFakeHost(createSimulatedDisk(), {
    image: (clock) => bootFakeMachine(disk, clock),
  })
  host.hub.isUp = isHubUp
  const agent = await startAgent(host)
  stops.push(agent.stop)
  return { ...agent, machine: host.image! }
}

describe('a start of an image that was kept', () => {
  for (const isHubUp of [true, false])
    it(`does not count once all is well, the hub ${isHubUp ? 'up' : 'away'}, and it is said once`, async () => {
      const { host, machine } = await boot(isHubUp)
      await host.advance(20_000)
      assert.equal(machine.settles, 0)
      await host.advance(20_000)
      assert.equal(machine.settles, 1)
      await host.advance(600_000)
      assert.equal(machine.settles, 1)
    })

  it('of which something is not well does not count once a trial would have ended', async () => {
    const { host, machine } = await boot(true)
    Object.assign(machine, { services: ['pump'] })
    machine.ailing.set('service pump', 'service pump is failed')
    await host.advance(500_000)
    assert.equal(machine.settles, 0)
    await host.advance(150_000)
    assert.equal(machine.settles, 1)
  })

  it('has slots read for images that did not start, and says what was found', async () => {
    const agent = await boot(true)
    const { host, machine } = agent
    machine.suspected.push({
      time: '2026-11-21T00:00:00Z',
      result: 'FellBack',
      evidence: 'Disk',
      ...fakeImage('v2'),
      message: 'its slot decayed',
    })
    await host.advance(70_000)
    assert.ok(machine.examines > 1)
    assert.ok(machine.said.includes('image v2: its slot decayed'), machine.said.join('\n'))
    assert.equal((await agent.status()).os?.outcomes[0]?.evidence, 'Disk')
  })
})
