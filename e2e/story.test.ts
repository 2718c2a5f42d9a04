// The five-minute story, in real processes: a hub, three sites, real digits.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { DemoRun, eventually } from './demo-run.ts'

let run: DemoRun
before(async () => {
  run = await DemoRun.start()
})
after(async () => {
  await run?.[Symbol.asyncDispose]()
})

const digits = join(import.meta.dirname, '../examples/digits')
const push = (file: string) =>
  run.skerry('model', 'push', join(digits, file), '--model', 'digits', '--watch')

async function modelsBySite(): Promise<Record<string, string | undefined>> {
  const { items } = await (await run.state()).list(siteKind, { namespace: 'default' })
  return Object.fromEntries(items.map((site) => [site.metadata.name, site.status?.models]))
}

async function newestRollout() {
  const { items } = await (await run.state()).list(rolloutKind, { namespace: 'default' })
  return items
    .toSorted(
      (left, right) =>
        Number(left.metadata.resourceVersion) - Number(right.metadata.resourceVersion),
    )
    .at(-1)!
}

const everywhere = (version: string) => ({
  'depot-1': `digits ${version}`,
  'depot-2': `digits ${version}`,
  'depot-3': `digits ${version}`,
})

/** What the sorting lines of all sites complained of. */
function failedRequests(): string[] {
  return ['depot-1', 'depot-2', 'depot-3'].flatMap((site) => {
    const folder = join(run.data, 'sites', site)
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /sorting-line.*\.log/.test(name))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line.includes('no answer for a label'))
      .map((line) => `${site}: ${line}`)
  })
}

test('three sites are green and answer with version 1', async () => {
  const state = await run.state()
  const { items } = await state.list(siteKind, { namespace: 'default' })
  assert.equal(items.length, 3)
  for (const site of items) {
    assert.equal(site.status?.connectivity, 'Online', site.metadata.name)
    assert.equal(site.status.health, 'Healthy', site.metadata.name)
  }
  await eventually('version 1 everywhere', async () => {
    const models = await modelsBySite()
    return Object.values(models).every((model) => model === 'digits v1') ? models : undefined
  })
})

test('version 2 passes its canary and goes everywhere without one failed request', async () => {
  const result = await push('digits-v2.onnx')
  assert.equal(result.code, 0, `${result.stdout}\n${result.stderr}\n${run.logs()}`)
  assert.deepEqual(await modelsBySite(), everywhere('v2'))
  const rollout = await newestRollout()
  assert.equal(rollout.status?.phase, 'Succeeded')
  const canary = rollout.status.waves?.[0]
  assert.equal(canary?.sites.length, 1)
  assert.deepEqual(failedRequests(), [])
})

test('version 3 is caught at the canary by its accuracy and rolled back', async () => {
  const result = await push('digits-v3.onnx')
  assert.equal(result.code, 4, `${result.stdout}\n${result.stderr}\n${run.logs()}`)
  const rollout = await newestRollout()
  assert.equal(rollout.status?.phase, 'RolledBack')
  const failed = rollout.status.gates?.filter((gate) => gate.verdict === 'Fail')
  assert.deepEqual(
    failed?.map((gate) => gate.metric),
    ['Accuracy'],
  )
  assert.match(rollout.status.message ?? '', /ccuracy/)
  await eventually('version 2 is back', async () => {
    const models = await modelsBySite()
    return Object.values(models).every((model) => model === 'digits v2') ? models : undefined
  })
  assert.deepEqual(failedRequests(), [])
})

test('version 4 is caught at the canary by its latency and rolled back', async () => {
  const result = await push('digits-v4.onnx')
  assert.equal(result.code, 4, `${result.stdout}\n${result.stderr}\n${run.logs()}`)
  const rollout = await newestRollout()
  assert.equal(rollout.status?.phase, 'RolledBack')
  const failed = rollout.status.gates?.filter((gate) => gate.verdict === 'Fail')
  assert.deepEqual(
    failed?.map((gate) => gate.metric),
    ['LatencyP99'],
  )
  await eventually('version 2 is back', async () => {
    const models = await modelsBySite()
    return Object.values(models).every((model) => model === 'digits v2') ? models : undefined
  })
})

test('a file that is no model is refused with a sentence', async () => {
  const result = await push('not-a-model.onnx')
  assert.equal(result.code, 1, result.stdout)
  assert.match(result.stderr, /Refused: .*not an ONNX model/i)
})

test('a model with other inputs is refused with both shapes', async () => {
  const result = await push('digits-small-input.onnx')
  assert.equal(result.code, 1, result.stdout)
  assert.match(result.stderr, /Refused: .*14, 14.*28, 28/)
})

test('Ctrl-C ends everything, and the next start goes on with the same state', async () => {
  assert.equal(await run.down(), 0, run.output)
  await run.up()
  assert.deepEqual(await modelsBySite(), everywhere('v2'))
  const { items } = await (await run.state()).list(rolloutKind, { namespace: 'default' })
  assert.equal(items.filter((rollout) => rollout.status?.phase === 'RolledBack').length, 2)
})
