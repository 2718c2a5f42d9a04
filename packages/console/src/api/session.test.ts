import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHubClient } from './hub-client.ts'
import { SessionStore } from './session.ts'

function signIns(answer: () => Response) {
  const asked: string[] = []
  const session = new SessionStore()
  const client = createHubClient(
    async (path, init) => {
      asked.push(
        `${init.method ?? 'GET'} ${path} ${typeof init.body === 'string' ? init.body : ''}`,
      )
      return answer()
    },
    () => session.signedOut(),
  )
  return { asked, session, client }
}

test('a one-time code is sent once, however often the page is drawn', async () => {
  const { asked, session, client } = signIns(() =>
    Response.json({ user: { name: 'ada', groups: [] } }),
  )
  const results = await Promise.all([session.signIn(client, 'abc'), session.signIn(client, 'abc')])
  assert.deepEqual(results, [{ ok: true }, { ok: true }])
  assert.deepEqual(asked, ['POST /auth/session {"code":"abc"}', 'GET /auth/session '])
  assert.deepEqual(session.snapshot(), { state: 'SignedIn', user: 'ada' })
})

test('a code that was used or has expired is told in the words of the hub', async () => {
  const body = { reason: 'Unauthorized', message: 'this link was used already' }
  const { session, client } = signIns(() => Response.json(body, { status: 401 }))
  assert.deepEqual(await session.signIn(client, 'abc'), { ok: false, message: body.message })
  assert.equal(session.snapshot().state, 'SignedOut')
})

test('a hub that does not answer does not sign anybody out', async () => {
  const { session, client } = signIns(() => {
    throw new TypeError('fetch failed')
  })
  await session.refresh(client)
  assert.equal(session.snapshot().state, 'Unknown')
})
