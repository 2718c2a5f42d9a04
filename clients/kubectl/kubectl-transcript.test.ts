import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatCommand,
  maskOutput,
  openShell,
  parseTranscript,
  readTranscript,
  runStep,
} from './kubectl-transcript.ts'
import { temporaryFolder } from '../../packages/hub/integration/hub-process.ts'

const text = `What comes before the first part is for people.

## makes a file
file a.yaml
kind: A
end
$ cat a.yaml
kind: A

## [waits: tokens] differs
# A remark.
$ kubectl version
v1.36.3
~ hub: it tells its own
v1.36.0
$ true
`

test('a transcript is parts, files, commands, and what the hub answers instead', () => {
  const [first, second] = parseTranscript(text)
  assert.deepEqual(first, {
    title: 'makes a file',
    steps: [
      { type: 'file', name: 'a.yaml', text: 'kind: A\n' },
      { type: 'command', command: 'cat a.yaml', expected: 'kind: A' },
    ],
  })
  assert.equal(second?.waits, 'tokens')
  const hub = { reason: 'it tells its own', expected: 'v1.36.0' }
  assert.deepEqual(second?.steps, [
    { type: 'command', command: 'kubectl version', expected: 'v1.36.3', hub },
    { type: 'command', command: 'true', expected: '' },
  ])
  assert.throws(() => parseTranscript('## x\nfile a\nno end\n'), /no line says end/)
})

test('every transcript is written as it would be recorded', () => {
  for (const name of [
    'read',
    'write',
    'delete',
    'tell',
    'server-side-apply',
    'access',
    'custom-kinds',
  ])
    for (const { steps } of readTranscript(name))
      for (const step of steps)
        if (step.type === 'command') assert.ok(formatCommand(step).startsWith('$ '), step.command)
})

test('what is another on every run is masked, and nothing else', () => {
  const row = 'oslo     3m12s    "resourceVersion": "417"  2026-01-01T00:00:00Z'
  assert.equal(maskOutput(row), 'oslo  AGE  "resourceVersion": "RV"  TIME')
  assert.equal(maskOutput('generation: 3'), 'generation: 3')
  assert.equal(maskOutput('  indented   by two'), 'indented  by two')
  assert.equal(maskOutput('a:\n  b: 1'), 'a:\n  b: 1')
})

test('a command answers with what it printed, on both streams, and its exit code', async () => {
  using folder = temporaryFolder()
  const shell = await openShell('/bin/echo', { directory: folder.path, kubeconfig: 'none' })
  const answer = (command: string) => runStep({ type: 'command', command, expected: '' }, shell)
  assert.equal(await answer('kubectl get x'), 'get x')
  assert.equal(await answer('echo out; echo err >&2; exit 3'), 'out\nerr\n(exit 3)')
})
