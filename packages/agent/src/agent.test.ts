import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { LinkError } from '@skerry/client/device-link'
import { runAgent } from './agent.ts'
import { createFakeHost } from './testing/fake-host.ts'
import {
  type RunningAgent,
  bytesOf,
  camera,
  config,
  digestOf,
  enrolment,
  lastChild,
  model,
  modelsOf,
  ready,
  sign,
  spec,
  startAgent,
  window,
} from './testing/fake-site.ts'

const stops: (() => Promise<void>)[] = []
after(async () => {
  for (const stop of stops) await stop()
})

const start: typeof startAgent = async (...given) => {
  const agent = await startAgent(...given)
  stops.push(agent.stop)
  return agent
}

async function startV1(): Promise<RunningAgent> {
  const agent = await start()
  agent.host.hub.push(sign(spec(1, [model('v1')])))
  await agent.host.advance(100)
  lastChild(agent.host).say(ready)
  await agent.host.advance(200)
  return agent
}

describe('an agent', () => {
  it('fetches, loads, serves, starts the workload, and says so', async () => {
    const agent = await start()
    const { host } = agent
    assert.equal((await agent.status()).healthMessage, 'no site spec has come yet')
    host.hub.push(sign(spec(1, [model('v1'), camera])))
    await host.advance(100)
    const file = `/data/blobs/${digestOf(bytesOf('v1')).slice(7)}`
    assert.equal(
      lastChild(host).options.command.join(' '),
      `serve --file ${file} --model digits --version v1 --digest ${digestOf(bytesOf('v1'))}`,
    )
    lastChild(host).say(ready)
    await host.advance(1500)
    const { environment } = lastChild(host).options
    assert.equal(environment['SKERRY_SITE'], 'one')
    assert.equal(environment['SKERRY_MODEL_DIGITS_URL'], 'http://127.0.0.1:40000')
    assert.equal(environment['EYES'], '2')
    const status = await agent.status()
    assert.equal(status.health, 'Healthy')
    assert.deepEqual(status.plan, ['nothing: what runs is what was asked for'])
    assert.deepEqual(status.applied, { epoch: 1, revision: 1 })
    const report = host.hub.reports.at(-1)!
    assert.equal(report.health, 'Healthy')
    assert.equal(report.isSettled, true)
    assert.deepEqual(report.target, { epoch: 1, revision: 1 })
    assert.deepEqual(
      report.layers.map((layer) => `${layer.name} ${layer.state}`),
      ['digits Running', 'camera Running'],
    )
  })

  it('switches only when the new version is ready, and hands connections to it', async () => {
    const { host } = await startV1()
    const old = lastChild(host)
    host.hub.push(sign(spec(2, [model('v2')])))
    await host.advance(100)
    const refused: string[] = []
    const connect = () => host.ports.get(40_000)!({ refuse: (text) => refused.push(text) })
    connect()
    assert.deepEqual([old.connections.length, modelsOf(host)], [1, ['v1', 'v2']])
    lastChild(host).say(ready)
    await host.advance(100)
    connect()
    assert.deepEqual([old.connections.length, lastChild(host).connections.length], [1, 1])
    assert.equal((old.sent.at(-1) as { type: string }).type, 'drain')
    old.exit({ code: 0 })
    await host.advance(100)
    assert.deepEqual(modelsOf(host), ['v2'])
    assert.deepEqual(refused, [])
  })

  it('fetches ahead while it may, says so, and installs only when it is told', async () => {
    const { host } = await startV1()
    const ahead = (isOpen: boolean) => ({ prefetch: { isOpen, layers: [model('v2')] } })
    host.hub.push(sign({ ...spec(2, [model('v1')]), ...ahead(false) }))
    await host.advance(1500)
    assert.deepEqual(host.hub.reports.at(-1)?.fetched, [])
    host.hub.push(sign({ ...spec(3, [model('v1')]), ...ahead(true) }))
    await host.advance(1500)
    assert.deepEqual(host.hub.reports.at(-1)?.fetched, [digestOf(bytesOf('v2'))])
    assert.equal(host.hub.reports.at(-1)?.isSettled, true)
    assert.deepEqual(modelsOf(host), ['v1'])
    host.hub.push(sign({ ...spec(4, [model('v1')]), ...ahead(false) }))
    await host.advance(1500)
    assert.deepEqual(host.hub.reports.at(-1)?.fetched, [digestOf(bytesOf('v2'))], 'it stays')
    host.hub.push(sign(spec(5, [model('v2')])))
    await host.advance(100)
    assert.deepEqual(modelsOf(host), ['v1', 'v2'])
  })

  it('keeps the old version when the new one is refused, and never tries it again', async () => {
    const agent = await startV1()
    const { host } = agent
    host.hub.push(sign(spec(2, [model('v2')])))
    await host.advance(100)
    lastChild(host).say({ type: 'refused', reason: 'SelfTestFailed', message: 'no answer' })
    lastChild(host).exit({ code: 3 })
    await host.advance(100)
    const status = await agent.status()
    assert.equal(status.health, 'Degraded')
    assert.equal(status.failures[0]?.message, 'SelfTestFailed: no answer')
    assert.equal(host.hub.reports.at(-1)?.failed[0]?.digest, digestOf(bytesOf('v2')))
    assert.equal(host.hub.reports.at(-1)?.isSettled, true)
    host.hub.push(sign(spec(3, [model('v2')])))
    await host.advance(120_000)
    assert.deepEqual(modelsOf(host), ['v1'])
    host.hub.push(sign(spec(4, [model('v2', 1)])))
    await host.advance(100)
    assert.deepEqual(modelsOf(host), ['v1', 'v2'], 'a raised attempt tries it again')
  })

  it('gives up on content that crashes three times at load', async () => {
    const agent = await startV1()
    const { host } = agent
    host.hub.push(sign(spec(2, [model('v2')])))
    await host.advance(100)
    for (let crash = 0; crash < 3; crash += 1) {
      assert.deepEqual(modelsOf(host), ['v1', 'v2'])
      lastChild(host).exit({ signal: 'SIGSEGV' })
      await host.advance(3000)
    }
    await host.advance(120_000)
    assert.deepEqual(modelsOf(host), ['v1'])
    assert.match((await agent.status()).failures[0]?.message ?? '', /SIGSEGV/)
  })

  it('starts a model that crashed again while its clients wait, within a bound', async () => {
    const { host } = await startV1()
    const refused: string[] = []
    lastChild(host).exit({ signal: 'SIGKILL' })
    await host.settle()
    host.ports.get(40_000)!({ refuse: (text) => refused.push(text) })
    await host.advance(500)
    lastChild(host).say(ready)
    await host.advance(10)
    assert.equal(lastChild(host).connections.length, 1)
    lastChild(host).exit({ signal: 'SIGKILL' })
    await host.settle()
    host.ports.get(40_000)!({ refuse: (text) => refused.push(text) })
    await host.advance(5100)
    assert.match(refused[0] ?? '', /^HTTP\/1.1 503 .*no process was ready within 5000 ms/s)
  })

  it('starts a workload again, ever more slowly, and forgives one that recovered', async () => {
    const agent = await start()
    const { host } = agent
    host.hub.push(sign(spec(1, [camera])))
    await host.advance(2000)
    const starts = () => host.children.length
    lastChild(host).exit({ code: 1 })
    await host.advance(100)
    assert.equal((await agent.status()).health, 'Degraded')
    assert.equal(starts(), 1)
    await host.advance(1000)
    assert.equal(starts(), 2)
    for (let crash = 0; crash < 10; crash += 1) {
      lastChild(host).exit({ code: 1 })
      await host.advance(61_000)
    }
    await host.advance(61_000)
    lastChild(host).exit({ code: 1 })
    await host.advance(1100)
    assert.equal(starts(), 13, 'it ran for a minute in between: the first delay again')
  })
})

describe('what stands in the way', () => {
  it('a port in use is said, and taken when it is free', async () => {
    const agent = await start()
    const { host } = agent
    host.busyPorts.add(8000)
    const layer = model('v1')
    host.hub.push(sign(spec(1, [{ ...layer, model: { ...layer.model!, port: 8000 } }])))
    await host.advance(100)
    lastChild(host).say(ready)
    await host.advance(5000)
    const status = await agent.status()
    assert.equal(status.health, 'Failed')
    assert.match(status.healthMessage ?? '', /port 8000 of 127.0.0.1 is in use/)
    host.busyPorts.clear()
    await host.advance(60_000)
    assert.equal((await agent.status()).health, 'Healthy')
    assert.deepEqual([...host.ports.keys()], [8000])
  })

  it('a workload that holds too much memory is ended, started again, and says why', async () => {
    const agent = await start()
    const { host } = agent
    const workload = { ...camera.workload!, memoryMaxMiB: 64 }
    host.hub.push(sign(spec(1, [{ ...camera, workload }])))
    await host.advance(2000)
    host.memory.set(1, 64 * 2 ** 20)
    await host.advance(6000)
    assert.equal(host.children.length, 1, 'as much as it may')
    host.memory.set(1, 65 * 2 ** 20)
    await host.advance(2200)
    assert.ok(host.children[0]?.signals.includes('SIGKILL'))
    assert.match(
      (await agent.status()).layers[0]?.message ?? '',
      /held 65 MiB and was ended: memoryMaxMiB is 64/,
    )
    await host.advance(3000)
    assert.equal((await agent.status()).health, 'Healthy')
  })
})

describe('a site spec', () => {
  it('is refused when it is not signed, not ours, or older', async () => {
    const agent = await startV1()
    const good = sign(spec(5, [model('v1')]))
    const cases: [unknown, string, number][] = [
      ['not JSON', '', 400],
      [[[[[]]]], 'NotSigned', 422],
      [{ ...good, payload: sign(spec(9, [])).payload }, 'NotSigned', 422],
      [{ ...good, signatures: [] }, 'NotSigned', 422],
      [sign(spec(6, [], { siteUid: 'uid-2' })), 'NotOurs', 422],
      [sign({ ...spec(6, []), layers: 'none' }), 'Malformed', 422],
      [sign(spec(6, [{ ...camera, name: '../../etc' }])), 'Malformed', 422],
      [sign(spec(6, [camera, camera])), 'Malformed', 422],
      [sign(spec(0, [])), 'Older', 409],
      [sign(spec(99, [], { epoch: 0 })), 'Older', 409],
    ]
    for (const [body, reason, code] of cases) {
      const answer = await agent.put(body)
      assert.deepEqual(
        [answer.code, (answer.body as { reason?: string }).reason ?? ''],
        [code, reason],
      )
    }
    assert.match((await agent.status()).refusal ?? '', /Older/)
    assert.deepEqual(await agent.put(good), {
      code: 200,
      body: { isNew: true, version: { epoch: 1, revision: 5 } },
    })
    assert.equal((await agent.put(sign(spec(1, [], { epoch: 2 })))).code, 200, 'a newer epoch')
  })

  it('comes by asking when the stream does not work', async () => {
    const agent = await start()
    agent.host.hub.isStreaming = false
    agent.host.hub.drop()
    await agent.host.advance(100)
    agent.host.hub.isUp = true
    await agent.host.advance(5000)
    agent.host.hub.newest = sign(spec(1, []))
    await agent.host.advance(61_000)
    assert.deepEqual((await agent.status()).target?.revision, 1)
    assert.ok(agent.host.hub.polls >= 2)
  })

  it('that is old stops nothing, and the status says it', async () => {
    const agent = await startV1()
    agent.host.clock.jump(60 * 86_400_000)
    await agent.host.advance(61_000)
    assert.deepEqual(modelsOf(agent.host), ['v1'])
    const status = await agent.status()
    assert.equal(status.health, 'Healthy')
    assert.match(status.warning ?? '', /valid until 2026-12-21/)
    assert.match(agent.host.hub.reports.at(-1)?.healthMessage ?? '', /valid until/)
  })
})

describe('without a hub', () => {
  it('an agent that starts again runs all that it ran', async () => {
    const first = await startV1()
    const { disk } = first.host
    first.host.hub.push(sign(spec(2, [model('v3')])))
    first.host.hub.drop()
    const host = createFakeHost(disk.afterPowerCut(3))
    host.hub.isUp = false
    const agent = await start(host)
    lastChild(host).say(ready)
    await host.advance(100)
    assert.deepEqual(modelsOf(host), ['v1'])
    assert.equal((await agent.status()).health, 'Healthy')
    assert.equal((await agent.status()).connection.phase, 'Disconnected')
    await host.advance(3_600_000)
    assert.deepEqual(modelsOf(host), ['v1'])
  })

  it('goes on with what ran well even when the spec itself is lost', async () => {
    const first = await startV1()
    const disk = first.host.disk.afterPowerCut(3)
    disk.decay('/data/state/target.json', 100)
    const host = createFakeHost(disk)
    host.hub.isUp = false
    const agent = await start(host)
    lastChild(host).say(ready)
    await host.advance(100)
    assert.deepEqual(modelsOf(host), ['v1'])
    assert.equal((await agent.put(sign(spec(0, [])))).code, 409, 'older than what ran is refused')
    host.hub.isUp = true
    host.hub.newest = sign(spec(1, [model('v1')]))
    await host.advance(31_000)
    assert.deepEqual(host.hub.asked, [undefined], 'the hub shall send it again')
    assert.deepEqual((await agent.status()).target?.revision, 1)
  })

  it('starts and serves on a disk that is full', async () => {
    const first = await startV1()
    const host = createFakeHost(first.host.disk.afterPowerCut(3, { capacityBytes: 1 }))
    const agent = await start(host)
    lastChild(host).say(ready)
    await host.advance(100)
    assert.equal((await agent.status()).health, 'Healthy')
    assert.deepEqual(await agent.put(sign(spec(2, []))), {
      code: 507,
      body: { error: 'the disk is full: make room' },
    })
    assert.deepEqual(modelsOf(host), ['v1'])
  })

  it('comes back by itself, tells the state, and sends what waited, oldest first', async () => {
    const { host } = await startV1()
    host.hub.drop()
    await host.advance(50)
    const { reports, batches } = host.hub
    const before = reports.length
    for (let minute = 0; minute < 5; minute += 1) {
      await host.advance(60_000)
      lastChild(host).say({ type: 'collected', id: minute, window })
    }
    assert.equal(batches.length, 0)
    host.hub.isUp = true
    await host.advance(31_000)
    assert.ok(reports.length > before)
    assert.deepEqual(
      batches.flatMap((batch) => batch.records.map((record) => record.sequence)),
      [1, 2, 3, 4, 5],
    )
    assert.equal(batches[0]?.records[0]?.requests, 3)
  })

  it('fetches what is missing as soon as the link is back', async () => {
    const agent = await startV1()
    const { host } = agent
    host.hub.drop()
    await agent.put(sign(spec(2, [model('v2')])))
    await host.advance(300_000)
    assert.match((await agent.status()).plan.join('\n'), /the hub cannot be reached/)
    assert.equal((await agent.status()).health, 'Healthy')
    assert.deepEqual((await agent.status()).failures, [], 'a lost link is no failure of content')
    host.hub.isUp = true
    await host.advance(31_000)
    assert.deepEqual(modelsOf(host), ['v1', 'v2'])
  })
})

describe('reports', () => {
  it('come on change and as a heartbeat, and idle costs nothing else', async () => {
    const { host } = await startV1()
    const before = host.hub.reports.length
    await host.advance(600_000)
    const beats = host.hub.reports.length - before
    assert.ok(beats >= 9 && beats <= 11, `${beats} reports in ten idle minutes`)
    assert.equal(host.hub.batches.length, 0)
    const sequences = host.hub.reports.map((report) => report.sequence)
    assert.deepEqual(
      sequences,
      sequences.toSorted((left, right) => left - right),
    )
    assert.ok(
      lastChild(host).sent.some((message) => 'id' in message),
      'it was asked',
    )
    lastChild(host).say({ type: 'collected', id: 1, window: { ...window, requests: 0 } })
    lastChild(host).say({ type: 'collected', id: 2, window: { ...window, requests: -1 } })
    lastChild(host).say({ type: 'collected', id: 3, window: 'nonsense' })
    await host.advance(1000)
    assert.equal(host.hub.batches.length, 0, 'nothing happened, or nothing that makes sense')
  })

  it('the last window of a process that drains is not lost', async () => {
    const { host } = await startV1()
    const old = lastChild(host)
    host.hub.push(sign(spec(2, [model('v2')])))
    await host.advance(100)
    lastChild(host).say(ready)
    await host.advance(100)
    old.say({ type: 'collected', id: -1, window })
    old.exit({ code: 0 })
    await host.advance(100)
    assert.equal(host.hub.batches[0]?.records[0]?.version, 'v1')
  })
})

describe('trust', () => {
  it('is waited for in the lobby, with the same request', async () => {
    const host = createFakeHost()
    const requests = new Set<string>()
    let isApproved = false
    host.hub.enroll = ({ request, token }) => {
      requests.add(request)
      assert.equal(token, 'first.secret-of-the-token')
      return isApproved
        ? { phase: 'Approved', ...enrolment }
        : { phase: 'Pending', message: 'a person must approve' }
    }
    const stopping = new AbortController()
    const join = {
      name: 'first',
      secret: 'secret-of-the-token',
      authorityDigest: 'a'.repeat(64),
    }
    const ended = runAgent(host, { ...config, join }, stopping.signal)
    // Making a real key takes real time.
    while (requests.size === 0) await host.advance(1000)
    await host.advance(20_000)
    isApproved = true
    await host.advance(10_000)
    assert.equal(requests.size, 1)
    assert.match([...requests][0] ?? '', /BEGIN CERTIFICATE REQUEST/)
    assert.equal(host.hub.connects[0]?.identity.site, 'one')
    assert.match(host.hub.connects[0]?.key ?? '', /BEGIN PRIVATE KEY/)
    stopping.abort(new Error('stop'))
    await ended
  })

  it('that expired is renewed before anything else, and the new one is used at once', async () => {
    const agent = await startV1()
    const { host } = agent
    const before = host.hub.renewals
    host.hub.failure = new LinkError('CertificateExpired', 'the certificate is expired')
    await host.advance(200_000)
    host.hub.drop()
    await host.advance(10)
    host.hub.isUp = true
    await host.advance(61_000)
    assert.ok(host.hub.renewals > before)
    assert.match(host.hub.connects.at(-1)?.certificate ?? '', /renewed$/)
    assert.deepEqual(modelsOf(host), ['v1'], 'it never stops what runs')
  })

  it('that was never given is said plainly', async () => {
    const agent = await start(createFakeHost(), false)
    assert.equal((await agent.status()).connection.phase, 'NotEnrolled')
    assert.match((await agent.status()).connection.message ?? '', /--join TOKEN/)
  })
})
