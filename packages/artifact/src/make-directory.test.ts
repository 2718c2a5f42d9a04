import { strict as assert } from 'node:assert'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDirectory } from './make-directory.ts'

test('directories are made for their owner, once, and not where they cannot be', () => {
  const dir = mkdtempSync(join(tmpdir(), 'skerry-make-'))
  try {
    const deep = join(dir, 'a/b/c')
    makeDirectory(deep)
    makeDirectory(deep)
    for (const path of [deep, join(dir, 'a')]) assert.equal(statSync(path).mode & 0o777, 0o700)
    const file = join(dir, 'file')
    writeFileSync(file, '')
    assert.throws(() => makeDirectory(join(file, 'below')), { code: 'ENOTDIR' })
  } finally {
    rmSync(dir, { recursive: true })
  }
})
