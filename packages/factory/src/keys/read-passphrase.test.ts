import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ReadStream, WriteStream } from 'node:tty'
import { KeyError } from './key-error.ts'
import { askAtTerminal, readPassphrase } from './read-passphrase.ts'

describe('where a passphrase comes from', () => {
  let work = ''
  before(async () => void (work = await mkdtemp(join(tmpdir(), 'passphrase-'))))
  after(() => rm(work, { recursive: true }))

  test('a file goes before the environment, the environment before a person', async () => {
    const file = join(work, 'one')
    await writeFile(file, 'from a file\n')
    const environment = { SKERRY_KEYS_PASSPHRASE: 'from the environment' }
    const ask = async () => 'from a person'
    assert.equal(await readPassphrase({ file, environment, ask }), 'from a file')
    assert.equal(await readPassphrase({ environment, ask }), 'from the environment')
    assert.equal(await readPassphrase({ environment: {}, ask }), 'from a person')
  })

  test('without any of them it says what to set', async () => {
    await assert.rejects(
      readPassphrase({ environment: {} }),
      /SKERRY_KEYS_PASSPHRASE or give --pass/,
    )
  })

  test('a new one is asked for twice', async () => {
    const answers = ['one', 'two']
    const ask = async () => answers.shift()!
    await assert.rejects(readPassphrase({ environment: {}, ask, isNew: true }), /differ/)
  })

  for (const [what, content] of [
    ['an empty file', ''],
    ['two lines', 'a\nb\n'],
    ['a file that is too long', 'x'.repeat(5000)],
  ] as const)
    test(`refuses ${what}`, async () => {
      const file = join(work, 'bad')
      await writeFile(file, content)
      await assert.rejects(readPassphrase({ file, environment: {} }), KeyError)
    })

  test('refuses a file that is not there', async () => {
    await assert.rejects(readPassphrase({ file: join(work, 'none'), environment: {} }), /ENOENT/)
  })

  const terminal = () => {
    const modes: boolean[] = []
    let shown = ''
    const input = Object.assign(new EventEmitter(), {
      setRawMode: (mode: boolean) => modes.push(mode),
      resume: () => undefined,
      pause: () => undefined,
    })
    const output = { write: (text: string) => void (shown += text) }
    const ask = askAtTerminal(input as unknown as ReadStream, output as unknown as WriteStream)
    return {
      ask,
      modes,
      type: (text: string) => input.emit('data', Buffer.from(text)),
      shown: () => shown,
    }
  }

  test('what a person types is not shown, and can be corrected', async () => {
    const { ask, modes, type, shown } = terminal()
    const answer = ask('Passphrase: ')
    type('secrex')
    type('\u007ft')
    type('\r')
    assert.equal(await answer, 'secret')
    assert.equal(shown(), 'Passphrase: \n')
    assert.deepEqual(modes, [true, false])
  })

  test('a person may give up', async () => {
    const { ask, modes, type } = terminal()
    const answer = ask('Passphrase: ')
    type('sec\u0003')
    await assert.rejects(answer, KeyError)
    assert.deepEqual(modes, [true, false])
  })
})
