import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isPostmasterOf, parsePostmasterFile } from './postmaster-file.ts'

it('reads what PostgreSQL writes, whole or in part', () => {
  const whole = '12098\n/data/pg\n1795273199\n45999\n\n127.0.0.1\n 10035207         4\nready   \n'
  assert.deepEqual(parsePostmasterFile(whole), {
    pid: 12098,
    dataDir: '/data/pg',
    port: 45999,
    isReady: true,
  })
  assert.deepEqual(parsePostmasterFile('12098\n/data/pg\n'), {
    pid: 12098,
    dataDir: '/data/pg',
    port: undefined,
    isReady: false,
  })
})

it('takes nothing that could be the pid of something else', () => {
  for (const text of ['', 'x\n/data', '-5\n/data', '0\n/data', '1\n/data', '12\n', '12 13\n/d'])
    assert.equal(parsePostmasterFile(text), undefined, JSON.stringify(text))
})

it('knows a PostgreSQL by its program and its directory', () => {
  const facts = (commandLine: string[], directory?: string) => ({ commandLine, directory })
  const server = ['/opt/bin/postgres', '-D', '/data/pg', '-p', '1']
  assert.ok(isPostmasterOf(facts(server), '/data/pg'))
  assert.ok(isPostmasterOf(facts(server, '/renamed'), '/renamed'))
  assert.ok(!isPostmasterOf(facts(server, '/elsewhere'), '/data/pg'))
  assert.ok(!isPostmasterOf(facts(server), '/data/other'))
  assert.ok(!isPostmasterOf(facts(['/usr/bin/vim', '-D', '/data/pg'], '/data/pg'), '/data/pg'))
  assert.ok(!isPostmasterOf(facts([]), '/data/pg'))
})
