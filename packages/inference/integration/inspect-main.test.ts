import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { openSync, closeSync, ftruncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ModelInspection } from '@skerry/api/model-server-protocol'
import { systemClock } from '@skerry/base/clock'
import { inspectModel } from '../src/inspect-model.ts'
import { identityModel } from '../src/testing/onnx-fixture.ts'
import { inspectMain, scratch } from './model-process.ts'

const digits = (name: string) =>
  fileURLToPath(new URL(`../../../examples/digits/${name}`, import.meta.url))

const inspect = async (file: string, ...more: string[]): Promise<ModelInspection> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    inspectMain,
    '--file',
    file,
    ...more,
  ])
  assert.equal(stdout.split('\n').length, 2, 'one line')
  return JSON.parse(stdout) as ModelInspection
}

test('a model is told with its signature', async () => {
  const inspection = await inspect(digits('digits-v1.onnx'))
  assert.ok(inspection.ok)
  assert.deepEqual(inspection.signature, {
    inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 28, 28] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
  })
})

test('what is no model is refused with a sentence, and exit code 0', async () => {
  assert.deepEqual(await inspect(digits('not-a-model.onnx')), {
    ok: false,
    reason: 'NotAModel',
    message: 'The file is not an ONNX model: its first bytes are "digit,images,right\\n0,980".',
  })
  const missing = await inspect('/nowhere/m.onnx')
  assert.ok(!missing.ok && missing.reason === 'Unreadable')
  assert.match(missing.message, /^The file cannot be read: ENOENT/)
  const directory = await inspect(digits(''))
  assert.ok(!directory.ok && directory.reason === 'Unreadable')
})

test('a file larger than any model is refused unread', async () => {
  using files = scratch()
  const path = join(files.path, 'huge.onnx')
  const file = openSync(path, 'w')
  ftruncateSync(file, 2 ** 31)
  closeSync(file)
  const inspection = await inspect(path)
  assert.ok(!inspection.ok && inspection.reason === 'Unreadable')
  assert.match(inspection.message, /has 2147483648 bytes: an ONNX file has at most 2147483647/)
})

test('a model that does not come to an end is refused in time', async () => {
  const inspection = await inspect(digits('digits-v4.onnx'), '--max-ms', '40')
  assert.ok(!inspection.ok && inspection.reason === 'SelfTestFailed')
  assert.match(inspection.message, /did not load and answer within 0.04 s/)
})

test('a crash of native code is a refusal, and so is a process that says nothing sensible', async () => {
  using files = scratch()
  const file = files.file('m.onnx', identityModel(1))
  const by = async (script: string) => {
    const inspection = await inspectModel(file, {
      clock: systemClock,
      timeoutMs: 20_000,
      command: [process.execPath, '-e', script, '--'],
    })
    assert.ok(!inspection.ok && inspection.reason === 'SelfTestFailed')
    return inspection.message
  }
  assert.match(await by('process.abort()'), /made ONNX Runtime crash \(SIGABRT\)/)
  assert.match(await by('process.exit(7)'), /crash \(exit code 7\)/)
  assert.match(await by('console.log("hello")'), /crash \(no answer\)/)
  assert.match(
    await by('const on = () => process.stdout.write("x".repeat(1e6), on); on()'),
    /crash \(SIGKILL\)/,
  )
  const none = await inspectModel(file, {
    clock: systemClock,
    timeoutMs: 1000,
    command: ['/nowhere/node'],
  })
  assert.ok(!none.ok)
})

test('wrong arguments are exit code 2 with a sentence', async () => {
  await assert.rejects(inspect('m.onnx', '--max-ms', 'soon'), {
    code: 2,
    stderr: '--max-ms is soon: it must be from 1 to 3600000\n',
  })
})
