import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { assertRestoreFinished, backUp, restore } from './backup.ts'

// The whole way, with a hub and its sites, is e2e/backup.test.ts.
const folder = mkdtempSync(join(tmpdir(), 'skerry-backup-test-'))
after(() => rmSync(folder, { recursive: true }))
const tools = { clock: systemClock, random: systemRandom, log: silentLog }

test('a restore that was cut off is no hub', async () => {
  const data = join(folder, 'half')
  mkdirSync(data)
  await assertRestoreFinished(data)
  writeFileSync(join(data, 'restore-unfinished'), '/backups/one')
  await assert.rejects(assertRestoreFinished(data), /\/backups\/one .* was cut off: remove/)
})

test('what is no backup, is another version, or was changed is refused before anything is written', async () => {
  const source = join(folder, 'source')
  mkdirSync(source)
  const target = join(folder, 'target')
  await assert.rejects(restore(source, target, tools), /is no backup/)
  const write = (manifest: object) =>
    writeFileSync(join(source, 'backup.json'), JSON.stringify(manifest))
  write({ format: 'skerry-backup', version: 2 })
  await assert.rejects(restore(source, target, tools), /another version/)
  writeFileSync(join(source, 'store.ndjson'), 'changed')
  write({ format: 'skerry-backup', version: 1, storeDigest: 'other' })
  await assert.rejects(restore(source, target, tools), /was changed or damaged/)
})

test('a folder with something in it is neither filled nor overwritten', async () => {
  const full = join(folder, 'full')
  mkdirSync(full)
  writeFileSync(join(full, 'file'), 'mine')
  await assert.rejects(backUp(join(folder, 'hub'), full, tools), /is not empty: name a new folder/)
})
