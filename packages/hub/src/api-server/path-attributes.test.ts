import assert from 'node:assert/strict'
import { test } from 'node:test'
import { siteKind } from '@skerry/api/kinds/site'
import { attributesOf, forbidden } from './authorization.ts'
import { attributesOfPath, withSelectedName } from './path-attributes.ts'

const zed = { name: 'zed', groups: [] }
const told = (method: string, path: string, search = ''): string =>
  forbidden(zed, attributesOfPath(method, path, new URLSearchParams(search)), '').message

test('who may not is told so in the words of kube-apiserver, whatever the path', () => {
  // Asked of kube-apiserver 1.36.
  const cannot = 'User "zed" cannot'
  assert.equal(told('GET', '/foo'), `forbidden: ${cannot} get path "/foo"`)
  assert.equal(told('GET', '/logs/'), `forbidden: ${cannot} get path "/logs/"`)
  assert.equal(told('POST', '/api/v1'), `forbidden: ${cannot} post path "/api/v1"`)
  assert.equal(
    told('GET', '/api/v1/foo'),
    `foo is forbidden: ${cannot} list resource "foo" in API group "" at the cluster scope`,
  )
  assert.equal(
    told('GET', '/apis/foo.example/v1/bars'),
    `bars.foo.example is forbidden: ${cannot} list resource "bars" in API group "foo.example" at the cluster scope`,
  )
  assert.equal(
    told('GET', '/api/v1/namespaces/x/pods/a/log'),
    `pods "a" is forbidden: ${cannot} get resource "pods/log" in API group "" in the namespace "x"`,
  )
  assert.equal(
    told('GET', '/api/v1/namespaces/x'),
    `namespaces "x" is forbidden: ${cannot} get resource "namespaces" in API group "" in the namespace "x"`,
  )
  assert.match(told('GET', '/api/v1/namespaces/x/pods', 'watch=1'), /cannot watch resource "pods"/)
  assert.match(told('DELETE', '/api/v1/namespaces/x/pods'), /cannot deletecollection resource/)
  assert.match(told('PUT', '/api/v1/namespaces/x/status'), /resource "namespaces\/status"/)
})

test('hostile paths are only told', () => {
  for (const path of [
    '/api/%/%zz',
    '/apis//////',
    '/api/v1/__proto__/constructor',
    `/api/v1/${'a/'.repeat(1000)}`,
  ])
    for (const method of ['GET', '__proto__', 'constructor', ''])
      assert.match(told(method, path), /forbidden/)
})

test('a list of one name asks for that name', () => {
  const named = (verb: string, fieldSelector: string) => {
    const asked = attributesOf(verb, { kind: siteKind, namespace: 'n' })
    const query = new URLSearchParams({ fieldSelector })
    const attributes = withSelectedName(asked, siteKind, query)
    return attributes.type === 'resource' ? attributes.name : undefined
  }
  assert.equal(named('list', 'metadata.name=a'), 'a')
  assert.equal(named('watch', 'metadata.namespace=n,metadata.name==a'), 'a')
  assert.equal(named('deletecollection', 'metadata.name=a'), undefined)
  for (const selector of [
    '',
    'metadata.name!=a',
    'metadata.name=',
    'metadata.name=a/b',
    'metadata.name',
    'zap=metadata.name',
  ])
    assert.equal(named('list', selector), undefined, selector)
})
