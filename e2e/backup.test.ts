// A hub is lost and comes back from a backup that is older than what its sites run.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { modelVersionKind } from '@skerry/api/kinds/model'
import { siteKind } from '@skerry/api/kinds/site'
import { DemoRun, eventually } from './demo-run.ts'

let run: DemoRun
const backups = mkdtempSync(join(tmpdir(), 'skerry-backup-'))
before(async () => {
  run = await DemoRun.start(2)
})
after(async () => {
  await run?.[Symbol.asyncDispose]()
  rmSync(backups, { recursive: true, force: true })
})

const digits = join(import.meta.dirname, '../examples/digits')

async function sitesRun(version: string): Promise<void> {
  await eventually(`all sites run ${version}`, async () => {
    const { items } = await (await run.state()).list(siteKind, { namespace: 'default' })
    const said = items.map(
      ({ status }) => `${status?.connectivity} ${status?.models} ${status?.sync}`,
    )
    if (said.some((text) => text !== `Online digits ${version} Synced`))
      throw new Error(said.join(', '))
    return true
  })
}

test('a backup is taken while the hub runs', async () => {
  const result = await run.hubCommand('backup', join(backups, 'one'))
  assert.equal(result.code, 0, result.stderr)
})

test('a folder that is not empty is refused, and nothing is lost', async () => {
  const result = await run.hubCommand('backup', join(backups, 'one'))
  assert.equal(result.code, 1)
  assert.match(result.stderr, /is not empty: name a new folder/)
})

test('after the loss of the hub its sites follow the restored one, back to what it knows', async () => {
  const push = await run.skerry(
    'model',
    'push',
    join(digits, 'digits-v2.onnx'),
    '--model',
    'digits',
    '--watch',
  )
  assert.equal(push.code, 0, push.stdout + push.stderr)
  await sitesRun('v2')
  await run.down()
  rmSync(join(run.data, 'hub'), { recursive: true })

  const restored = await run.hubCommand('restore', join(backups, 'one'))
  assert.equal(restored.code, 0, restored.stderr)
  assert.match(restored.stdout, /this is epoch 2/)
  await run.up()
  await sitesRun('v1')
  const state = await run.state()
  const { items } = await state.list(modelVersionKind, { namespace: 'default' })
  assert.deepEqual(
    items.map((item) => item.spec.version),
    ['v1'],
  )
})

test('what is no backup, or was changed, is refused with a sentence', async () => {
  const result = await run.hubCommand('restore', backups)
  assert.equal(result.code, 1)
  assert.match(result.stderr, /is no backup/)
})
