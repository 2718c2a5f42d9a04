import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { isApiError } from '@skerry/api/status'
import type { ClientBase } from 'pg'
import { createBodyCodec } from './body-seal.ts'
import { commitBatch } from './commit-batch.ts'
import { createWrite } from './decide-write.ts'
import { createKnownTexts } from './known-texts.ts'
import type { Write } from './ledger.ts'

const write: Write = {
  ...createWrite(
    configMapKind,
    { metadata: { namespace: 'default', name: 'a' } },
    {},
    { nowMs: 0, uid: 'u', suffix: 's' },
  ),
  within: undefined,
}

/** A connection that fails at the statement that matches. */
function clientThatFails(at: RegExp, error: Error): ClientBase {
  const query = async (asked: string | { text: string }) => {
    const text = typeof asked === 'string' ? asked : asked.text
    if (at.test(text)) throw error
    return {
      rows: /counter/.test(text) && /for update|select/.test(text) ? [{ version: '7' }] : [],
    }
  }
  return { query } as unknown as ClientBase
}

const commit = (at: RegExp, error: Error) =>
  commitBatch(clientThatFails(at, error), [{ ...write, decide: keep }], {
    codec: createBodyCodec(undefined),
    known: createKnownTexts(),
    nowMs: 0,
  })
const keep: Write['decide'] = () => ({
  action: 'put',
  object: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      namespace: 'default',
      uid: 'u',
      creationTimestamp: '2026-11-21T00:00:00Z',
      resourceVersion: '',
      generation: 1,
    },
  },
})

test('a commit without an answer is told as one of which nobody knows', async () => {
  const lost = [
    new Error('Connection terminated unexpectedly'),
    new Error('Query read timeout'),
    Object.assign(new Error('terminating connection'), { code: '57P01' }),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  ]
  for (const error of lost)
    await assert.rejects(commit(/^commit/, error), (thrown) => {
      assert.ok(isApiError(thrown, 'Timeout'), String(thrown))
      assert.match(thrown.message, /is not known\. Read the object before you try again/)
      assert.equal(thrown.status.details?.retryAfterSeconds, undefined, 'or clients would retry')
      return true
    })
})

test('what was undone for sure, or never begun, is told as it is', async () => {
  const full = Object.assign(new Error('disk full'), { code: '53100' })
  await assert.rejects(commit(/^commit/, full), (thrown) => thrown === full)
  const lost = new Error('Connection terminated unexpectedly')
  await assert.rejects(commit(/^begin/, lost), (thrown) => thrown === lost)
})
