import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { prepareCreate } from '@skerry/api/prepare'
import { isAsMade, isSpecNews, isToBeLookedAt } from './site-news.ts'
import { syncOf } from './site-sync.ts'

const made = (): Site =>
  prepareCreate(
    siteKind,
    { metadata: { name: 'a', namespace: 'default' } },
    { nowMs: 0, uid: 'u', suffix: '' },
  ) as unknown as Site

const withStatus = (status: object): Site => {
  const site = made()
  return { ...site, status: { ...site.status, ...status } } as Site
}

test('a new site says what its controllers would say, and is let be', () => {
  const site = made()
  assert.equal(isAsMade(site), true)
  assert.equal(site.status?.connectivity, 'Never')
  const { sync, reason, message } = syncOf(site, undefined)
  assert.equal(site.status?.sync, sync)
  const [condition] = site.status?.conditions ?? []
  assert.deepEqual(condition, {
    type: 'Synced',
    status: 'True',
    reason,
    message,
    lastTransitionTime: '1970-01-01T00:00:00Z',
  })
})

test('a site with anything assigned, asked for or missing is looked at', () => {
  const assigned = [{ fleet: 'f', profileRevision: 'r', attempt: 0 }]
  for (const status of [
    { assigned },
    { desired: { epoch: 1, revision: 1 } },
    { sync: undefined },
    { conditions: undefined },
    { conditions: [] },
    { sync: 'Parked' },
  ])
    assert.equal(isAsMade(withStatus(status)), false, JSON.stringify(status))
  assert.equal(isAsMade({ ...made(), status: undefined } as unknown as Site), false)
})

test('a site that stays as it was made is let be, whatever else changes of it', () => {
  const site = made()
  const renamed = { ...site, metadata: { ...site.metadata, generation: 2 } } as Site
  const given = withStatus({ assigned: [{ fleet: 'f', profileRevision: 'r', attempt: 0 }] })
  assert.equal(isToBeLookedAt(site, undefined), false)
  assert.equal(isToBeLookedAt(renamed, site), false)
  assert.equal(isToBeLookedAt(given, undefined), true)
  assert.equal(isToBeLookedAt(given, site), true)
  assert.equal(isToBeLookedAt(site, given), true)
  assert.equal(isToBeLookedAt(given, given), false)
})

test('heartbeats and labels are no news, what is asked for and what runs is', () => {
  const site = made()
  const meta = (more: object): Site =>
    ({ ...site, metadata: { ...site.metadata, ...more } }) as Site
  assert.equal(isSpecNews(site, meta({ labels: { a: 'b' }, resourceVersion: '9' })), false)
  assert.equal(isSpecNews(site, withStatus({ lastSeenTime: 't' })), false)
  assert.equal(isSpecNews(site, meta({ generation: 2 })), true)
  assert.equal(isSpecNews(site, meta({ uid: 'other' })), true)
  assert.equal(isSpecNews(site, withStatus({ connectivity: 'Online' })), true)
})
