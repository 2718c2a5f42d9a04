import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRealProcesses } from './real-processes.ts'

describe('processes of this machine', () => {
  const processes = createRealProcesses(() => undefined)
  const start = (command: readonly string[], environment: Record<string, string> = {}) =>
    processes.spawn({ command, environment, directory: '/', onLine: () => {} })
  const words = (count: number) => Array.from({ length: count }, () => '€'.repeat(4096))

  const impossible: [
    what: string,
    words: readonly string[],
    environment?: Record<string, string>,
  ][] = [
    ['there is no such program', ['/no/such/program']],
    ['the program is no file', ['/']],
    ['a file is taken for a folder', [`${process.execPath}/x`]],
    ['the name is too long', [`/${'a'.repeat(4000)}`]],
    ['the name is empty', ['']],
    ['there is no name', []],
    ['a word has a zero', [process.execPath, 'a\0b']],
    ['the environment has a zero', [process.execPath], { A: 'a\0b' }],
    ['there are too many words', [process.execPath, ...words(199)]],
  ]
  for (const [what, command, environment] of impossible)
    it(`tells of a process that cannot be started as of one that ended: ${what}`, async () => {
      const child = start(command, environment)
      assert.equal(child.pid, undefined)
      const { code, signal, error } = await child.exited
      assert.deepEqual([code, signal], [null, null])
      assert.match(error ?? '', /\S/)
      assert.equal(child.send({ type: 'nobody hears it' }), false)
      child.signal('SIGTERM')
    })

  it('gives a process what it is told and nothing secret of the agent', async () => {
    process.env['SKERRY_TEST_SECRET'] = 'do not tell'
    const lines: string[] = []
    const child = processes.spawn({
      command: [process.execPath, '-p', 'JSON.stringify(process.env)'],
      environment: { OWN: 'told' },
      directory: '/',
      onLine: (line) => lines.push(line),
    })
    assert.equal((await child.exited).code, 0)
    const seen = JSON.parse(lines.join('')) as Record<string, string>
    assert.equal(seen['OWN'], 'told')
    assert.equal(seen['SKERRY_TEST_SECRET'], undefined)
  })
})
