import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signingRequestEndMs } from './signing-request-end.ts'

const madeMs = Date.parse('2026-11-21T12:00:00Z')
const hourMs = 3_600_000
const endOf = (conditions: object[], certificateEndsMs?: number) =>
  signingRequestEndMs(
    {
      metadata: { creationTimestamp: '2026-11-21T12:00:00Z' } as never,
      status: { conditions: conditions as never },
    },
    certificateEndsMs,
  ) - madeMs

test('a signing request stays a day undecided, an hour decided, and no longer than its certificate', () => {
  assert.equal(endOf([]), 24 * hourMs)
  const approved = { type: 'Approved', status: 'True', lastUpdateTime: '2026-11-21T14:00:00Z' }
  assert.equal(endOf([approved]), 3 * hourMs)
  const failed = { type: 'Failed', status: 'True', lastUpdateTime: '2026-11-21T15:00:00Z' }
  assert.equal(endOf([approved, failed]), 3 * hourMs)
  assert.equal(endOf([approved], madeMs + hourMs / 6), hourMs / 6)
  assert.equal(endOf([{ type: 'Denied', status: 'True' }]), hourMs)
})
