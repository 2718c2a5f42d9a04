import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StorageError } from '@skerry/artifact/storage-error'
import { runProgram } from './run-program.ts'
import { ToolError } from './tool-error.ts'

const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' }
const sh = (script: string) => ({ command: ['sh', '-c', script], environment })

test('what goes in by stdin and descriptor 3 comes out', async () => {
  const { stdout } = await runProgram({
    ...sh('cat; cat <&3'),
    stdin: Buffer.from('in '),
    descriptor3: Buffer.from('three'),
  })
  assert.equal(stdout.toString(), 'in three')
})

test('a failure shows the end of the log, and each line was told', async () => {
  const lines: string[] = []
  const failed = runProgram({
    ...sh('for i in $(seq 40); do echo line $i >&2; done; printf "no end" >&2; exit 7'),
    name: 'mkfs',
    onLine: (line) => lines.push(line),
  })
  await assert.rejects(failed, (error) => {
    assert.ok(error instanceof ToolError)
    assert.equal(error.exitCode, 7)
    assert.match(error.message, /^mkfs failed with status 7:\n {2}line 30\n/)
    assert.match(error.message, / {2}no end$/)
    return true
  })
  assert.equal(lines.length, 41)
})

test('a full disk is told as such, not as a failure of the program', async () => {
  const full = runProgram(
    sh('echo "tar: usr/x: Cannot write: No space left on device" >&2; exit 2'),
  )
  await assert.rejects(
    full,
    (error) => error instanceof StorageError && error.reason === 'DiskFull',
  )
})

test('a program that is not there, floods, or is stopped ends in words', async () => {
  await assert.rejects(
    runProgram({ command: ['/no/such/program'], environment }),
    /could not be started/,
  )
  await assert.rejects(
    runProgram({ ...sh('yes'), stdoutBytesMax: 1000 }),
    /sh wrote more than 1000 bytes/,
  )
  const stop = new AbortController()
  const running = runProgram(
    { ...sh('echo up >&2; sleep 60 & sleep 60'), onLine: () => stop.abort(new Error('stopped')) },
    stop.signal,
  )
  await assert.rejects(running, /stopped/)
  await assert.rejects(runProgram(sh('true'), AbortSignal.abort(new Error('before'))), /before/)
})
