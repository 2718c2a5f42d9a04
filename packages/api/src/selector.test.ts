import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from './object.ts'
import {
  formatFieldSelector,
  formatLabelSelector,
  labelSelectorOf,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
} from './selector.ts'
import { parseLabelSelector } from './label-selector-parser.ts'
import { isApiError } from './status.ts'

const gold = { tier: 'gold', app: 'till' }

describe('label selectors', () => {
  const cases: [string, boolean, boolean][] = [
    ['', true, true],
    ['tier=gold', true, false],
    ['tier==gold', true, false],
    ['tier!=gold', false, true],
    ['tier in (gold,iron)', true, false],
    ['tier in (iron)', false, false],
    ['tier notin (gold)', false, true],
    ['tier', true, false],
    ['!tier', false, true],
    [' tier = gold , app in ( till ) ', true, false],
    ['tier=gold,app!=till', false, false],
    ['tier=', false, false],
    ['constructor', false, false],
    ['app in ()', false, false],
    ['app in (,till)', true, false],
    ['app>1', false, false],
    ['n>9,n<11', false, false],
  ]
  for (const [text, isGold, isNone] of cases)
    it(JSON.stringify(text), () => {
      const selector = parseLabelSelector(text)
      assert.equal(matchesLabels(selector, gold), isGold)
      assert.equal(matchesLabels(selector, undefined), isNone)
      const again = parseLabelSelector(formatLabelSelector(selector))
      assert.deepEqual(again, selector, 'what is written reads the same')
    })
  it('refuses what is none, naming the term', () => {
    for (const text of ['a=(', 'a in b', '=x', 'a=b,,c', 'a b', 'a in (b', ','])
      assert.throws(
        () => parseLabelSelector(text),
        (thrown) => isApiError(thrown, 'BadRequest') && /expected/.test(thrown.message),
        text,
      )
  })
  it('compares whole numbers', () => {
    const selector = parseLabelSelector('n>9,n<11')
    assert.ok(matchesLabels(selector, { n: '10' }))
    for (const n of ['9', '11', 'ten', '']) assert.ok(!matchesLabels(selector, { n }), n)
    assert.throws(() => parseLabelSelector('n>ten'), /must be an integer/)
  })
  it('reads matchLabels and matchExpressions', () => {
    const selector = labelSelectorOf({
      matchLabels: { tier: 'gold' },
      matchExpressions: [
        { key: 'app', operator: 'NotIn', values: ['kiosk'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    })
    assert.ok(matchesLabels(selector, gold))
    assert.ok(!matchesLabels(selector, { ...gold, old: '' }))
    assert.ok(matchesLabels(labelSelectorOf({}), undefined))
  })
  it('takes a hostile text in no time', () => {
    const startedMs = performance.now()
    assert.throws(() => parseLabelSelector(`${'a'.repeat(4000)}(${' '.repeat(4000)}`))
    assert.ok(performance.now() - startedMs < 500)
  })
})

const object: KubeObject = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'a', namespace: 'default' },
  involvedObject: { name: 'oslo' },
  count: 3,
}

describe('field selectors', () => {
  const fields = { selectableFields: ['involvedObject.name', 'count', 'type'] }
  const cases: [string, boolean][] = [
    ['', true],
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['metadata.namespace==default,involvedObject.name=oslo', true],
    ['involvedObject.name=bergen', false],
    ['count=3', true],
    ['type=', true],
    ['type!=Warning', true],
  ]
  for (const [text, isMatch] of cases)
    it(JSON.stringify(text), () => {
      const selector = parseFieldSelector(text, fields)
      assert.equal(matchesFields(selector, object), isMatch)
      assert.deepEqual(parseFieldSelector(formatFieldSelector(selector), fields), selector)
    })
  it('refuses fields that the kind does not offer, naming those it does', () => {
    assert.throws(
      () => parseFieldSelector('spec.x=1', fields),
      /^ApiError: field label not supported: spec\.x$/,
    )
    assert.throws(() => parseFieldSelector('__proto__=1', fields), /not supported/)
    assert.throws(() => parseFieldSelector('count', fields), /can't understand 'count'/)
  })
})
