import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { prepareCreate } from '../prepare.ts'
import { isApiError } from '../status.ts'
import { profileKind } from './profile.ts'

const context = { nowMs: 0, uid: 'u-1', suffix: 'abcde' }

function refusalOf(workload: object): string {
  try {
    prepareCreate(
      profileKind,
      {
        metadata: { name: 'p', namespace: 'default' },
        spec: { layers: [{ name: 'w', type: 'workload', workload }] },
      },
      context,
    )
    return ''
  } catch (thrown) {
    assert.ok(isApiError(thrown, 'Invalid'), String(thrown))
    return thrown.message
  }
}

describe('a workload that no operating system can start is refused', () => {
  const cases: [what: string, workload: object, message: RegExp][] = [
    ['no program', { command: ['', 'x'] }, /workload\.command\[0\].*must name a program/],
    ['a zero in a word', { command: ['sh', 'a\0b'] }, /command\[1\].*U\+0000/],
    ['a zero in a value', { command: ['sh'], environment: { A: '\0' } }, /environment\.A.*U\+0000/],
    ['a name with =', { command: ['sh'], environment: { 'A=B': '1' } }, /environment.*neither =/],
    ['an empty name', { command: ['sh'], environment: { '': '1' } }, /environment.*a character/],
  ]
  for (const [what, workload, message] of cases)
    it(what, () => assert.match(refusalOf(workload), message))

  it('and all else is taken', () => {
    const command = ['sh', '-c', 'echo "$A" ${site.name}; ünïcode', '']
    assert.equal(refusalOf({ command, environment: { A: '', B_C: 'x=y' } }), '')
  })
})
