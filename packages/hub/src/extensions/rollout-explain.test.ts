import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isApiError } from '@skerry/api/status'
import { rolloutExplainHandler } from './rollout-explain.ts'

const object = {
  metadata: { name: 'depots-1' },
  spec: { fleet: 'depots', revision: 'p-v2' },
  status: {
    phase: 'Progressing',
    waves: [{ name: 'rest', sites: ['a'], state: 'Updating' }],
    sites: [
      {
        name: 'a',
        wave: 'rest',
        state: 'Waiting',
        hold: 'Window',
        message: 'waits for its window, opens 2026-11-22T02:00:00Z (02:00 in UTC)',
      },
    ],
  },
}
const ask = (query: string) =>
  rolloutExplainHandler.handle({ object, query: new URLSearchParams(query) } as never)

test('a site is explained in one sentence', async () => {
  assert.deepEqual(await ask('site=a'), {
    rollout: 'depots-1',
    site: 'a',
    message: 'Site a waits for its window, opens 2026-11-22T02:00:00Z (02:00 in UTC).',
  })
})

test('a site that the rollout does not know is said to be none of its', async () => {
  const { message } = (await ask('site=z')) as { message: string }
  assert.match(message, /Site z has nothing to do with rollout depots-1/)
})

test('without a site the question is refused with how to ask', async () => {
  await assert.rejects(ask(''), (thrown) => isApiError(thrown, 'BadRequest'))
})
