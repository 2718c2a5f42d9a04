import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createModelInspector } from './inspect-model.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-inspect-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function inspectBy(program: string) {
  const file = join(folder, 'inspector.mjs')
  await writeFile(file, program)
  const said = await createModelInspector(file)('model.onnx')
  assert.ok(!said.ok)
  return said.message
}

test('what opens files of strangers is given no secret of the hub', async () => {
  process.env['SKERRY_DATABASE_URL'] = 'postgres://secret'
  try {
    const message = await inspectBy(
      'console.log(JSON.stringify({ ok: false, message: JSON.stringify(process.env) }))',
    )
    assert.doesNotMatch(message, /SKERRY|secret/)
    assert.match(message, /PATH/)
  } finally {
    delete process.env['SKERRY_DATABASE_URL']
  }
})

test('a file that ends the inspector is refused with what happened', async () => {
  assert.match(await inspectBy('process.kill(process.pid, "SIGSEGV")'), /crash \(SIGSEGV\)/)
  assert.match(await inspectBy('process.exit(3)'), /crash \(3\)/)
  assert.match(await inspectBy('console.log("{}")'), /crash/)
})
