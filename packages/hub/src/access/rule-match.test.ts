import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyRule } from '@skerry/api/kinds/rbac'
import type { Attributes } from '../api-server/authorization.ts'
import { countAtoms, describeRules, uncoveredRules } from './rule-coverage.ts'
import { compileRules, questionOf, rulesAllow } from './rule-match.ts'

const allow = (rules: readonly PolicyRule[], attributes: Attributes): boolean =>
  rulesAllow(compileRules(rules), questionOf(attributes))

/** `get apps deployments/scale web`, with - for what is absent. */
function asked(text: string): Attributes {
  const [verb = '', group = '', what = '', name = '-'] = text.split(' ')
  const [resource = '', subresource] = what.split('/')
  const base = { type: 'resource', verb, version: 'v1', resource, subresource } as const
  return {
    ...base,
    group: group === '-' ? '' : group,
    name: name === '-' ? undefined : name,
  }
}

const rule = (verbs: string, groups: string, resources: string, names?: string): PolicyRule => ({
  verbs: verbs.split(','),
  apiGroups: groups.split(',').map((group) => (group === '-' ? '' : group)),
  resources: resources.split(','),
  ...(names === undefined ? {} : { resourceNames: names.split(',') }),
})

test('a rule lets through what Kubernetes lets through', () => {
  const table: readonly (readonly [PolicyRule, yes: string[], no: string[]])[] = [
    [
      rule('get', '-', 'pods'),
      ['get - pods', 'get - pods a'],
      ['get - pods/log', 'list - pods', 'get apps pods', 'get - pod', 'GET - pods', '* - pods'],
    ],
    [rule('*', '-', 'pods'), ['get - pods', 'zap - pods', '* - pods'], ['get apps pods']],
    [rule('get', '*', 'pods'), ['get - pods', 'get apps pods'], ['get - services']],
    [
      rule('get', '-', '*'),
      ['get - pods', 'get - pods/log', 'get - anything/at'],
      ['get apps pods'],
    ],
    [
      rule('get', '-', '*/scale'),
      ['get - pods/scale', 'get - x/scale'],
      ['get - scale', 'get - pods', 'get - pods/scaled', 'get - pods/log'],
    ],
    // A star stands for a whole resource, never for its parts alone.
    [rule('get', '-', 'pods/*'), [], ['get - pods/log', 'get - pods']],
    [rule('get', '-', 'pods/log'), ['get - pods/log', 'get - pods/log a'], ['get - pods']],
    [
      rule('get', '-', 'pods', 'a,b'),
      ['get - pods a', 'get - pods b'],
      ['get - pods c', 'get - pods', 'get - pods A'],
    ],
    [rule('get', '', '__proto__'), ['get - __proto__'], ['get - constructor']],
    [{ verbs: ['get'] }, [], ['get - pods']],
  ]
  for (const [given, yes, no] of table) {
    for (const text of yes) assert.equal(allow([given], asked(text)), true, text)
    for (const text of no) assert.equal(allow([given], asked(text)), false, text)
  }
})

test('paths match with a star at the end alone', () => {
  const table: readonly (readonly [string, yes: string[], no: string[]])[] = [
    ['/a', ['/a'], ['/a/', '/ab', '/', '']],
    ['/a/*', ['/a/', '/a/b', '/a/b/c'], ['/a', '/b/a/']],
    ['*', ['/', '/a', ''], []],
    ['/a*', ['/a', '/ab', '/a/b'], ['/b']],
    ['/a/*/c', ['/a/*/c'], ['/a/b/c']],
    ['/a**', ['/a', '/ab'], ['/b']],
  ]
  for (const [url, yes, no] of table) {
    const rules = [{ verbs: ['get'], nonResourceURLs: [url] }]
    for (const path of yes)
      assert.equal(allow(rules, { type: 'path', verb: 'get', path }), true, `${url} ${path}`)
    for (const path of no)
      assert.equal(allow(rules, { type: 'path', verb: 'get', path }), false, `${url} ${path}`)
    assert.equal(allow(rules, { type: 'path', verb: 'post', path: url }), false)
  }
})

test('ten thousand rules and huge names are no burden', () => {
  const huge = 'x'.repeat(100_000)
  const rules = Array.from({ length: 10_000 }, (_, index) =>
    rule('get', `g${index}`, `r${index}`, index % 2 === 0 ? undefined : huge),
  )
  const compiled = compileRules(rules)
  const startMs = performance.now()
  for (let round = 0; round < 1000; round += 1) {
    assert.equal(rulesAllow(compiled, questionOf(asked('get g9998 r9998 a'))), true)
    assert.equal(rulesAllow(compiled, questionOf(asked(`get g9999 r9999 ${huge}`))), true)
    assert.equal(rulesAllow(compiled, questionOf(asked('get g9999 r9999 a'))), false)
  }
  assert.ok(performance.now() - startMs < 5000)
})

test('what is given must be covered, piece by piece', () => {
  const missing = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string =>
    describeRules(uncoveredRules([compileRules(held)], wanted), 100)
  assert.equal(missing([rule('*', '*', '*')], [rule('get', '-,apps', 'pods/log,pods', 'a')]), '')
  assert.equal(missing([rule('get,list', '-', 'pods')], [rule('get', '-', 'pods', 'a,b')]), '')
  assert.equal(
    missing([rule('get', '-', 'pods', 'a')], [rule('get', '-', 'pods')]),
    '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
  )
  assert.equal(missing([rule('get', '-', '*/scale')], [rule('get', '-', 'pods/scale')]), '')
  assert.notEqual(missing([rule('get', '-', 'pods')], [rule('get', '-', '*')]), '')
  assert.notEqual(missing([rule('get', '-', 'pods')], [rule('*', '-', 'pods')]), '')
  assert.notEqual(missing([rule('get', '-', 'pods')], [rule('get', '*', 'pods')]), '')
  const urls = (...nonResourceURLs: string[]) => [{ verbs: ['get'], nonResourceURLs }]
  assert.equal(missing(urls('/a/*'), urls('/a/b', '/a/b/*')), '')
  assert.equal(missing(urls('/a/*'), urls('/a')), '{NonResourceURLs:["/a"], Verbs:["get"]}')
  assert.notEqual(missing(urls('/a'), urls('*')), '')
})

test('missing rules are told as kube-apiserver tells them', () => {
  // Asked of kube-apiserver 1.36.
  const wanted = [
    rule('get,list', '-,apps', 'secrets,pods'),
    { verbs: ['get'], nonResourceURLs: ['/x', '/y/*'] },
    rule('delete', '-', 'pods', 'b,a'),
  ]
  assert.equal(
    describeRules(uncoveredRules([], wanted), 100),
    [
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["a"], Verbs:["delete"]}',
      '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["delete"]}',
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:["apps"], Resources:["secrets"], Verbs:["get" "list"]}',
      '{NonResourceURLs:["/x"], Verbs:["get"]}',
      '{NonResourceURLs:["/y/*"], Verbs:["get"]}',
    ].join('\n'),
  )
  assert.match(describeRules(uncoveredRules([], wanted), 2), /\nand 6 more$/)
})

test('rules that multiply are counted before they are taken apart', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `n${index}`)
  const all = { verbs: many, apiGroups: many, resources: many, resourceNames: many }
  assert.equal(countAtoms([all]), 1e12)
  assert.equal(countAtoms([rule('get,list', '-', 'pods'), { verbs: ['get'] }]), 2)
})
