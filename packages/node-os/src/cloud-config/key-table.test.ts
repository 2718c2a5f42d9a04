import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { it } from 'node:test'
import { keyTable } from './key-table.ts'

const page = new URL('../../../../docs/cloud-config.md', import.meta.url)
const [begin, end] = ['<!-- keys: begin -->\n', '<!-- keys: end -->\n']

it('docs/cloud-config.md lists every key as the code knows it', () => {
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(end)
  const wanted = `\n${keyTable()}\n`
  // UPDATE_DOCS=1 writes the table anew.
  if (process.env['UPDATE_DOCS'] === '1')
    writeFileSync(page, text.slice(0, from) + wanted + text.slice(to))
  else
    assert.equal(
      text.slice(from, to),
      wanted,
      'run UPDATE_DOCS=1 node --test packages/node-os/src/cloud-config/key-table.test.ts',
    )
})
