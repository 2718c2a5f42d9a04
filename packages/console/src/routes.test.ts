import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hrefOf, parseRoute } from './routes.ts'

test('every address that is made is understood again', () => {
  const address = hrefOf(
    'site',
    { namespace: 'north', name: 'depot-1' },
    { filter: 'a b&c', x: '' },
  )
  assert.equal(address, '#/ns/north/sites/depot-1?filter=a+b%26c')
  assert.deepEqual(parseRoute(address), {
    page: 'site',
    parameters: { namespace: 'north', name: 'depot-1' },
    query: { filter: 'a b&c' },
  })
})

test('a name cannot leave its place in the address', () => {
  const address = hrefOf('site', { namespace: 'a/../b', name: '?x=1#y' })
  assert.deepEqual(parseRoute(address)?.parameters, { namespace: 'a/../b', name: '?x=1#y' })
})

test('an empty address is home, with or without a slash', () => {
  for (const hash of ['', '#', '#/', '/']) assert.equal(parseRoute(hash)?.page, 'home')
})

test('what is no page is undefined', () => {
  for (const hash of ['#/nowhere', '#/ns/a/sites/b/c', '#/ns/a', '#/%E0%A4%A', '#__proto__'])
    assert.equal(parseRoute(hash), undefined, hash)
})

test('the sign-in code survives', () => {
  const route = parseRoute('#/sign-in?code=ab-_9')
  assert.equal(route?.page, 'signIn')
  assert.equal(route?.query['code'], 'ab-_9')
})
