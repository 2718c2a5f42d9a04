import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { smallPe, smallUki } from '../pe/testing/small-pe.ts'
import { osReleaseText, parseOsRelease } from './os-release.ts'
import { parametersOf, readUki } from './read-uki.ts'

const osRelease = osReleaseText({ version: '1.2.0', prettyName: 'Bakery "north" $1' })

describe('a unified kernel image', () => {
  test('says what it is', () => {
    const read = readUki(smallUki('quiet skerry.root=ab skerry.image=cd', osRelease))
    assert.ok(read.ok)
    const { uki } = read
    assert.equal(uki.commandLine, 'quiet skerry.root=ab skerry.image=cd')
    assert.equal(uki.parameters.get('skerry.root'), 'ab')
    assert.equal(uki.osRelease.get('IMAGE_VERSION'), '1.2.0')
    assert.equal(uki.osRelease.get('PRETTY_NAME'), 'Bakery "north" $1')
    assert.equal(uki.kernelVersion, '6.12.1-test')
    assert.deepEqual([uki.kernelBytes, uki.initrdBytes], [6, 6])
  })

  test('that is only an EFI program says what is missing', () => {
    const read = readUki(smallPe({ '.text': Buffer.from('x'), '.osrel': Buffer.from('ID=x') }))
    assert.deepEqual(read, {
      ok: false,
      message:
        'is an EFI program but not a unified kernel image: it has no .linux, .initrd, .cmdline',
    })
  })

  test('with a command line of a megabyte is refused', () => {
    assert.equal(readUki(smallUki('x'.repeat(2 ** 20), osRelease)).ok, false)
  })

  test('with two command lines is refused', () => {
    const bytes = smallUki('one', osRelease, { '.cmdlinf': 'two' })
    bytes.write('.cmdline', bytes.indexOf('.cmdlinf'), 'latin1')
    const read = readUki(bytes)
    assert.ok(!read.ok && read.message.includes('twice'))
  })
})

test('parameters: the first of a name counts, quotes keep spaces together', () => {
  assert.deepEqual(
    [...parametersOf('a=1 b="2 3" "c=4 5" a=6 quiet =x d=')],
    [
      ['a', '1'],
      ['b', '2 3'],
      ['c', '4 5'],
      ['d', ''],
    ],
  )
})

test('os-release: what is no assignment is passed over', () => {
  assert.deepEqual(
    [...parseOsRelease('# comment\nID=debian\nNAME="Debian \\"13\\""\nnonsense\nlower=1\n')],
    [
      ['ID', 'debian'],
      ['NAME', 'Debian "13"'],
    ],
  )
})
