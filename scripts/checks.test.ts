// The two checks that are ours, tried on small trees that break one rule each.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { layerProblems } from './check-layers.ts'
import { tidyProblems } from './check-tidy.ts'

type Files = Readonly<Record<string, string>>

/** What a check says of a tree of these files. */
function said(check: (root: string) => string[], files: Files): string {
  const tree = mkdtempSync(join(tmpdir(), 'skerry-check-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true })
      writeFileSync(join(tree, path), text)
    }
    return check(tree).join('\n')
  } finally {
    rmSync(tree, { recursive: true })
  }
}

const house: Files = {
  'layers.json': '{ "low": [], "high": ["low", "node:"], "testing": ["low"] }',
  'packages/low/package.json': '{}',
  'packages/high/package.json': '{ "dependencies": { "@skerry/low": "0.1.0" } }',
}

test('imports along the arrows pass, and tests may import anything', () => {
  const problems = said(layerProblems, {
    ...house,
    'packages/high/src/a.ts': "import '@skerry/low/b'\nimport 'node:fs'\nimport './c.ts'\n",
    'packages/low/src/b.test.ts': "import '@skerry/high/a'\nimport './testing/fake.ts'\n",
    'packages/low/src/testing/fake.ts': "import 'node:fs'\nimport './other.ts'\n",
  })
  assert.equal(problems, '')
})

const wrongImports: readonly (readonly [file: string, text: string, words: RegExp])[] = [
  ['packages/low/src/a.ts', "import '@skerry/high/a'", /low may not import @skerry\/high\/a/],
  ['packages/low/src/a.ts', "import { x } from 'node:fs'", /low may not import node:fs/],
  ['packages/low/src/a.ts', "await import('fs')", /low may not import fs/],
  ['packages/low/src/a.ts', "import '@skerry/low/b'", /low is this package/],
  ['packages/high/src/a.ts', "import 'left-pad'", /add left-pad to packages\/high\/package.json/],
  ['packages/high/src/a.ts', "import './testing/fake.ts'", /is for tests/],
  ['packages/high/src/a.ts', "import '@skerry/low/testing/fake'", /is for tests/],
  ['packages/high/src/a.ts', "import '@skerry/testing/clock'", /is for tests/],
  ['packages/new/src/a.ts', '', /package new is not in layers.json/],
]

for (const [file, text, words] of wrongImports)
  test(`check-layers refuses ${text === '' ? file : text}`, () => {
    assert.match(said(layerProblems, { ...house, [file]: text }), words)
  })

const untidy: readonly (readonly [text: string, words: RegExp])[] = [
  [['Date', 'now()'].join('.'), /take a Clock/],
  [['Math', 'random()'].join('.'), /take a Random/],
  [`${'setTimeout'}(run, 5)`, /await clock.sleep/],
  [`class Site${'Manager'} {}`, /name what it does/],
  [`// ${'const'} old = compute(`, /delete commented-out code/],
  [`type A = { timeout: ${'number'} }`, /name the unit last/],
  [`// @ts-${'ignore'}`, /the checks have no exceptions/],
]

for (const [text, words] of untidy)
  test(`check-tidy refuses ${text}`, () => {
    const problems = said(tidyProblems, { 'packages/a/src/a.ts': `${text}\n` })
    assert.match(problems, words)
    assert.match(problems, /^packages\/a\/src\/a\.ts:1: /)
  })

test('check-tidy refuses files that are named after nothing, and passes the rest', () => {
  const named = said(tidyProblems, { 'packages/a/src/utils.ts': '' })
  assert.match(named, /name the file after what it exports/)
  assert.equal(said(tidyProblems, { 'packages/a/src/retry.ts': 'await sleep(5)\n' }), '')
})

test('the programs end with 1 when there is something to say', () => {
  for (const name of ['check-layers', 'check-tidy'])
    said(
      (cwd) => {
        const program = join(import.meta.dirname, `${name}.ts`)
        assert.equal(spawnSync(process.execPath, [program], { cwd }).status, 1, name)
        return []
      },
      { ...house, 'packages/low/src/utils.ts': "import 'left-pad'" },
    )
})
