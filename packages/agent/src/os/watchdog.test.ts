import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { createPulse } from './pulse.ts'
import { type LivenessProbes, keepWatchdog, refusalToFeed } from './watchdog.ts'

const well = { isLeaving: false, loopAgesMs: { seek: 30_000 } }

describe('whether the watchdog is fed', () => {
  const cases: [string, Parameters<typeof refusalToFeed>[0], RegExp | undefined][] = [
    ['all is well', well, undefined],
    ['no loop runs yet', { ...well, loopAgesMs: {} }, undefined],
    ['the machine restarts', { ...well, isLeaving: true }, /restarts/],
    ['seek is stuck', { ...well, loopAgesMs: { seek: 301_000 } }, /loop seek .* 301 s/],
    ['the disk hangs', { ...well, disk: 'the disk has not answered for 30 s' }, /disk/],
    ['PID 1 is frozen', { ...well, init: 'systemd said nothing' }, /systemd/],
  ]
  for (const [name, facts, expected] of cases)
    it(name, () => {
      const refusal = refusalToFeed(facts)
      if (expected === undefined) assert.equal(refusal, undefined)
      else assert.match(refusal ?? '', expected)
    })
})

function start(probes: Partial<LivenessProbes> = {}) {
  const clock = createSteppedClock(0)
  const pulse = createPulse(clock)
  const machine = { feeds: 0, opens: 0, isMissing: false, isBroken: false }
  const stop = new AbortController()
  const ended = keepWatchdog(
    {
      clock,
      log: silentLog,
      pulse,
      probes: { disk: async () => undefined, init: async () => undefined, ...probes },
      open: async () => {
        machine.opens += 1
        if (machine.isMissing) throw new Error('no such device')
        return {
          feed: async () => {
            if (machine.isBroken) throw new Error('input/output error')
            machine.feeds += 1
          },
        }
      },
    },
    stop.signal,
  )
  const feedsIn = async (ms: number) => {
    const before = machine.feeds
    await clock.advance(ms)
    return machine.feeds - before
  }
  return { clock, pulse, machine, feedsIn, stop, ended }
}

describe('the watchdog', () => {
  it('is fed every ten seconds', async () => {
    const { feedsIn, machine } = start()
    assert.equal(await feedsIn(14_000), 0)
    assert.equal(machine.opens, 0, 'an agent that crashes at once leaves it alone')
    assert.equal(await feedsIn(96_000), 10)
    assert.equal(machine.opens, 1)
  })

  it('is not fed while the site loop is stuck, and again when it turns', async () => {
    const { feedsIn, pulse } = start()
    pulse.beat('seek')
    await feedsIn(301_000)
    assert.equal(await feedsIn(180_000), 0)
    pulse.beat('seek')
    assert.equal(await feedsIn(50_000), 5)
    pulse.rest('seek')
    await feedsIn(600_000)
    assert.equal(await feedsIn(50_000), 5, 'a loop that was ended is not missed')
  })

  it('that is not fed speaks against the image, with or without such a device', async () => {
    let init: string | undefined = 'PID 1 is in state t: it runs no more'
    for (const isMissing of [false, true]) {
      const { clock, pulse, machine } = start({ init: async () => init })
      machine.isMissing = isMissing
      init = 'PID 1 is in state t: it runs no more'
      await clock.advance(20_000)
      assert.equal(pulse.refusal(), init)
      init = undefined
      await clock.advance(61_000)
      assert.equal(pulse.refusal(), undefined)
    }
  })

  it('is not fed once a restart was ordered', async () => {
    const { feedsIn, pulse } = start()
    pulse.setLeaving(true)
    assert.ok((await feedsIn(180_000)) <= 1)
    pulse.setLeaving(false)
    assert.ok((await feedsIn(50_000)) >= 4)
  })

  it('is not fed while the disk hangs, which is tried no second time meanwhile', async () => {
    const hung = Promise.withResolvers<undefined>()
    let tries = 0
    const disk = () => ((tries += 1), hung.promise)
    const { feedsIn } = start({ disk })
    assert.equal(await feedsIn(300_000), 0)
    assert.equal(tries, 1)
    hung.resolve(undefined)
    assert.ok((await feedsIn(50_000)) >= 4)
  })

  it('tries the disk once a minute only', async () => {
    let tries = 0
    const { feedsIn } = start({ disk: async () => ((tries += 1), undefined) })
    assert.ok((await feedsIn(600_000)) >= 57)
    assert.ok(tries <= 11, `${tries} tries`)
  })

  it('is not fed while PID 1 does not answer or cannot be asked', async () => {
    const silent = start({ init: () => new Promise(() => {}) })
    assert.equal(await silent.feedsIn(300_000), 0)
    const refused = start({ init: () => Promise.reject(new Error('connection refused')) })
    assert.equal(await refused.feedsIn(300_000), 0)
  })

  it('that is not there is looked for now and then', async () => {
    const { feedsIn, machine } = start()
    machine.isBroken = true
    assert.equal(await feedsIn(119_000), 0)
    machine.isMissing = true
    assert.equal(await feedsIn(60_000), 0)
    machine.isMissing = machine.isBroken = false
    assert.ok((await feedsIn(120_000)) >= 5)
    assert.ok(machine.opens <= 6, `${machine.opens} opens`)
  })

  it('is fed a last time when the agent ends, unless something is wrong', async () => {
    const { feedsIn, machine, stop, ended } = start()
    await feedsIn(20_000)
    stop.abort(new Error('stop'))
    await ended
    assert.equal(machine.feeds, 2)
    const ill = start({ init: async () => 'PID 1 is in state Z' })
    await ill.feedsIn(20_000)
    ill.stop.abort(new Error('stop'))
    await ill.ended
    assert.equal(ill.machine.feeds, 0)
  })
})
