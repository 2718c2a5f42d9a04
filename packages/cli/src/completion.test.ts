import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { completionScript } from './completion.ts'
import { createProgram } from './program.ts'

const program = createProgram(new AbortController().signal)

test('the bash completion knows commands, subcommands and options', () => {
  const script = completionScript('bash', program)
  const complete = (...words: string[]) =>
    execFileSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_WORDS=(skerry ${words.map((word) => `"${word}"`).join(' ')}); COMP_CWORD=${words.length}; _skerry; echo "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    ).trim()
  assert.match(complete('rol'), /^rollout$/)
  assert.match(complete('rollout', 'pa'), /^pause$/)
  assert.match(complete('up', '--r'), /^--reset$/)
})

test('another shell is refused with those that are known', () => {
  assert.throws(() => completionScript('fish', program), /use bash or zsh/)
})
