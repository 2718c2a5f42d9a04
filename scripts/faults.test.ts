import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

test('every line of docs/faults.md names a test that is there', () => {
  const rows = readFileSync('docs/faults.md', 'utf8')
    .split('\n')
    .map((line) => /^\| (?<what>.+?) \| +`(?<file>[^`]+)` +\| (?<name>.+?) +\|$/.exec(line)?.groups)
    .filter((row) => row !== undefined)
  assert.ok(rows.length > 80, `${rows.length} lines were understood`)
  for (const { what, file, name } of rows) {
    assert.ok(existsSync(file!), `${what}: there is no ${file}`)
    assert.ok(readFileSync(file!, 'utf8').includes(name!), `${what}: ${file} has no test "${name}"`)
  }
})
