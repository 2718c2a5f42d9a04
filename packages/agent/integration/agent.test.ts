import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SiteLayer } from '@skerry/api/site-spec'
import { makeSite } from './agent-harness.ts'

const camera = (data: string, program: string, memoryMaxMiB?: number): SiteLayer => ({
  name: 'camera',
  type: 'workload',
  digest: `sha256:${Buffer.from(program).toString('hex').slice(0, 64).padEnd(64, '0')}`,
  attempt: 0,
  workload: {
    command: [process.execPath, '-e', program],
    environment: { DATA: data },
    stopGraceSeconds: 1,
    ...(memoryMaxMiB === undefined ? {} : { memoryMaxMiB }),
  },
})
const writesPid =
  "require('fs').writeFileSync(process.env.DATA+'/camera.pid', String(process.pid));" +
  "console.log(process.env.SKERRY_SITE, process.env.SKERRY_MODEL_DIGITS_URL ?? 'no model');" +
  'setInterval(() => {}, 1000)'

/** A process that waits to be buried by its parent is not alive. */
const isAlive = (pid: number) => {
  const path = `/proc/${pid}/stat`
  return existsSync(path) && !readFileSync(path, 'utf8').includes(') Z ')
}
const pidIn = async (path: string) => {
  for (let tries = 0; tries < 200 && !existsSync(path); tries += 1) await sleep(25)
  await sleep(25)
  return Number(await readFile(path, 'utf8'))
}

type Answer = { readonly version: string; readonly pid: number }

function ask(port: number, agent: Agent, path = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent, method: 'POST' }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(JSON.parse(text) as Answer)
          : reject(new Error(`${response.statusCode} ${text}`)),
      )
    })
    asked.on('error', reject)
    asked.end('{"inputs":[]}')
  })
}

describe('the agent on a real machine', () => {
  it('switches versions under load without one failed request', async () => {
    await using site = await makeSite()
    await site.start()
    await site.put([await site.model('v1')])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'v1 serves')
    const port = ports['digits']!
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 16 })
    const failures: string[] = []
    const seen = new Map<string, number>()
    const loading = new AbortController()
    const client = async () => {
      while (!loading.signal.aborted) {
        await ask(port, keepAlive).then(
          ({ version }) => seen.set(version, (seen.get(version) ?? 0) + 1),
          (error: unknown) => failures.push(String(error)),
        )
        await sleep(10)
      }
    }
    const clients = Array.from({ length: 16 }, client)
    for (const version of ['v2', 'v3', 'v2']) {
      await sleep(300)
      await site.put([await site.model(version)])
      await site.until(
        (status) => status.isSettled && status.layers[0]?.version === version,
        `${version} serves`,
      )
    }
    await sleep(300)
    loading.abort()
    await Promise.all(clients)
    keepAlive.destroy()
    assert.deepEqual(failures, [])
    assert.deepEqual([...seen.keys()].toSorted(), ['v1', 'v2', 'v3'])
    const status = await site.until((each) => each.spool.records > 0, 'measurements are spooled')
    assert.equal(status.health, 'Healthy')
  })

  it('goes on with the old version when the new one is refused or crashes', async () => {
    await using site = await makeSite()
    await site.start()
    await site.put([await site.model('v1')])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'v1 serves')
    await site.put([await site.model('v2', 'refuse')])
    const refused = await site.until((status) => status.failures.length === 1, 'v2 is refused')
    assert.match(refused.failures[0]?.message ?? '', /NotAModel: it is a shopping list/)
    await site.put([await site.model('v3', 'crash')])
    const crashed = await site.until((status) => status.failures.length === 2, 'v3 is given up')
    assert.match(crashed.failures[1]?.message ?? '', /SIGSEGV/)
    const status = await site.until((each) => each.health === 'Degraded', 'v1 goes on')
    assert.equal(status.layers[0]?.version, 'v1')
    const once = new Agent()
    assert.equal((await ask(ports['digits']!, once)).version, 'v1')
  })

  it('starts a model again that crashed, while new clients wait', async () => {
    await using site = await makeSite()
    await site.start()
    await site.put([await site.model('v1')])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'v1 serves')
    const port = ports['digits']!
    const once = new Agent()
    for (let round = 0; round < 5; round += 1) {
      const before = await ask(port, once)
      await assert.rejects(ask(port, once, '/crash'))
      // Some of these are on their way to the process that died, and must reach the next one.
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(port, once)))
      assert.equal(new Set(answers.map((answer) => answer.pid)).size, 1)
      assert.notEqual(answers[0]?.pid, before.pid)
    }
  })

  it('starts a workload again and ends it with its group', async () => {
    await using site = await makeSite()
    const agent = await site.start()
    const path = `${site.data}/camera.pid`
    await site.put([camera(site.data, writesPid)])
    const first = await pidIn(path)
    await site.until((status) => status.health === 'Healthy', 'the camera runs')
    await unlink(path)
    process.kill(first, 'SIGKILL')
    const second = await pidIn(path)
    assert.notEqual(first, second)
    const status = await site.until((each) => each.health === 'Healthy', 'it runs again')
    assert.equal(status.layers[0]?.restarts, 1)
    assert.match(await readFile(`${site.data}/logs/camera.log`, 'utf8'), /^one no model$/m)
    agent.kill('SIGTERM')
    const code = await new Promise((resolve) => agent.once('exit', resolve))
    assert.equal(code, 0)
    assert.equal(isAlive(second), false)
  })

  it('says why a program cannot be started', async () => {
    await using site = await makeSite()
    await site.start()
    const layer = camera(site.data, '')
    const workload = { ...layer.workload!, command: ['/no/such/program'] }
    await site.put([{ ...layer, workload }])
    const status = await site.until((each) => each.health === 'Failed', 'it is told')
    assert.match(status.healthMessage ?? '', /could not be started: .*ENOENT/)
  })

  it('that was killed ends what it left behind, and runs everything again', async () => {
    await using site = await makeSite()
    const agent = await site.start()
    const path = `${site.data}/camera.pid`
    await site.put([await site.model('v1'), camera(site.data, writesPid)])
    const { ports } = await site.until((status) => status.health === 'Healthy', 'all runs')
    const once = new Agent()
    const oldModel = (await ask(ports['digits']!, once)).pid
    const oldCamera = await pidIn(path)
    agent.kill('SIGKILL')
    await new Promise((resolve) => agent.once('exit', resolve))
    assert.ok(isAlive(oldCamera) && isAlive(oldModel), 'they outlive it')
    await unlink(path)
    await site.start()
    const status = await site.until((each) => each.health === 'Healthy', 'all runs again')
    assert.equal(status.ports['digits'], ports['digits'], 'the address stays')
    const newCamera = await pidIn(path)
    const newModel = (await ask(ports['digits']!, once)).pid
    assert.ok(newCamera !== oldCamera && newModel !== oldModel)
    assert.ok(!isAlive(oldCamera) && !isAlive(oldModel), 'the leftovers are gone')
  })

  it('refuses a directory that another agent uses', async () => {
    await using site = await makeSite()
    await site.start()
    const { code, output } = await site.run()
    assert.equal(code, 1)
    assert.match(output, /Another agent uses .*: stop it, or give this one a directory/)
  })

  it('keeps its socket and its state to itself, and starts on damaged files', async () => {
    await using site = await makeSite()
    const agent = await site.start()
    const mode = async (path: string) =>
      ((await stat(`${site.data}/${path}`)).mode & 0o777).toString(8)
    assert.equal(await mode('agent.sock'), '600')
    assert.equal(await mode('state/key.json'), '600')
    assert.equal(await mode('state'), '700')
    await site.put([await site.model('v1')])
    await site.until((status) => status.applied !== undefined, 'v1 serves')
    agent.kill('SIGTERM')
    await new Promise((resolve) => agent.once('exit', resolve))
    for (const name of ['target', 'failures', 'ports', 'children'])
      await writeFile(`${site.data}/state/${name}.json`, 'torn')
    await writeFile(`${site.data}/spool/000000000001.seg`, 'torn')
    await site.start()
    const status = await site.until((each) => each.health === 'Healthy', 'v1 serves again')
    assert.equal(status.layers[0]?.version, 'v1')
  })
})
