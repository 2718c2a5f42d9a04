import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredObject } from '@skerry/api/object'
import { isApiError } from '@skerry/api/status'
import { applyWatchEvent, knownFromList, linesOf, parseWatchLine } from './watch-events.ts'

const site = (name: string, resourceVersion: string): StoredObject => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Site',
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    resourceVersion,
    generation: 1,
    creationTimestamp: '2026-11-21T12:00:00Z',
  },
})

test('events are folded in order, and what did not change stays the same value', () => {
  const first = site('a', '1')
  const listed = knownFromList({ items: [first, site('b', '2')], resourceVersion: '2' })
  const changed = applyWatchEvent(listed, { type: 'MODIFIED', object: site('b', '3') })
  const added = applyWatchEvent(changed, { type: 'ADDED', object: site('c', '4') })
  const removed = applyWatchEvent(added, { type: 'DELETED', object: site('b', '5') })
  const marked = applyWatchEvent(removed, { type: 'BOOKMARK', resourceVersion: '9' })
  assert.deepEqual([...marked.objects.keys()], ['default/a', 'default/c'])
  assert.equal(marked.objects.get('default/a'), first)
  assert.equal(marked.resourceVersion, '9')
  assert.equal(listed.objects.size, 2, 'the earlier value is untouched')
})

test('an ERROR event becomes the error that it carries', () => {
  const line = JSON.stringify({
    type: 'ERROR',
    object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
  })
  assert.throws(
    () => parseWatchLine(line),
    (thrown) => isApiError(thrown, 'Expired'),
  )
})

test('what is no watch event is refused', () => {
  const bad = [
    '{',
    '[]',
    'null',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"ADDED","object":{"metadata":{"resourceVersion":7}}}',
    '{"type":"OTHER","object":{"metadata":{"resourceVersion":"7"}}}',
  ]
  for (const line of bad) assert.throws(() => parseWatchLine(line), SyntaxError, line)
})

async function collect(bytes: Uint8Array[], lineBytesMax = 100): Promise<string[]> {
  async function* chunks() {
    yield* bytes
  }
  return Array.fromAsync(linesOf(chunks(), lineBytesMax))
}

test('lines are put together across chunks, also in the middle of a character', async () => {
  const bytes = new TextEncoder().encode('{"a":"Zürich"}\n\n{"b":1}\nhalf')
  for (const cut of [1, 7, 8, 15, 20]) {
    const lines = await collect([bytes.slice(0, cut), bytes.slice(cut)])
    assert.deepEqual(lines, ['{"a":"Zürich"}', '{"b":1}'], `cut at ${cut}`)
  }
})

test('a line without end does not fill the memory', async () => {
  const chunk = new TextEncoder().encode('x'.repeat(60))
  await assert.rejects(collect([chunk, chunk]), RangeError)
})
