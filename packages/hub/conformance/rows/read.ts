import {
  configMaps,
  given,
  givenOwn,
  ownConfigMaps,
  partialListType,
  partialType,
  rowsAbout,
  tableType,
} from '../objects.ts'
import type { Row } from '../row.ts'

const one = rowsAbout('read')
// Unlike config maps, no cluster makes leases in every namespace by itself.
const ownLeases = '/apis/coordination.k8s.io/v1/namespaces/{own}/leases'
const abc = givenOwn({ a: { app: 'till', tier: 'gold' }, b: { app: 'scale' }, c: {} })
const select = (name: string, selector: string): Row =>
  one(name, ...abc, `${ownConfigMaps}?labelSelector=${encodeURIComponent(selector)}`)
const field = (name: string, selector: string): Row =>
  one(
    name,
    ...abc,
    `${ownConfigMaps}?fieldSelector=${encodeURIComponent(selector).replace('%7Bown%7D', '{own}')}`,
  )

const gets: readonly Row[] = [
  one('an object', given({ data: { a: '1' } }), `${configMaps}/{id}`),
  one('an object that is not there', `${configMaps}/{id}`),
  one('in a namespace that is not there', '/api/v1/namespaces/{id}/configmaps/x'),
  one('an object by HEAD', given(), `HEAD ${configMaps}/{id}`),
  one('an object, pretty', given(), `${configMaps}/{id}?pretty=true`),
  one(
    'an object at a version that is no number',
    given(),
    `${configMaps}/{id}?resourceVersion=abc`,
  ),
  one('an object at version 0', given(), `${configMaps}/{id}?resourceVersion=0`),
  one('an object at its version', given(), `${configMaps}/{id}?resourceVersion={$version}`),
  one('an object whose name has a capital letter', `${configMaps}/Upper`),
  one('an object by a name of two dots, escaped', `${configMaps}/%2e%2e`),
  one('an object by a name with a slash, escaped', `${configMaps}/a%2Fb`),
  one('an object by a name with NUL', `${configMaps}/a%00b`),
  one('an object by a name that is no percent encoding', `${configMaps}/a%zz`),
  one('an object whose letters are escaped', given(), '/api/v1/namespaces/{ns}/%63onfigmaps/{id}'),
  one('an object as yaml', given({ data: { a: 'x: y' } }), {
    ask: `${configMaps}/{id}`,
    accept: 'application/yaml',
  }),
  one('an object as a table', given({ data: { a: '1', b: '2' } }), {
    ask: `${configMaps}/{id}`,
    accept: tableType,
  }),
  one('an object as its metadata', given({ data: { a: '1' } }, { labels: { a: 'b' } }), {
    ask: `${configMaps}/{id}`,
    accept: partialType,
  }),
  one('an object as a list of metadata', given(), {
    ask: `${configMaps}/{id}`,
    accept: partialListType,
  }),
]

const lists: readonly Row[] = [
  one('a list', ...abc, ownConfigMaps),
  one('an empty list', `${ownConfigMaps}?labelSelector=none`),
  one('a list of a namespace that is not there', '/api/v1/namespaces/{id}/configmaps'),
  one(
    'a list of all namespaces',
    ...abc,
    '/api/v1/configmaps?labelSelector=app&fieldSelector=metadata.namespace={own}',
  ),
  one('a list by HEAD', `HEAD ${ownConfigMaps}?labelSelector=none`),
  one('a list as a table', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app`,
    accept: tableType,
  }),
  one('a table without objects', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app&includeObject=None`,
    accept: tableType,
  }),
  one('a table with whole objects', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app&includeObject=Object`,
    accept: tableType,
  }),
  one('a table with something else', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app&includeObject=Nothing`,
    accept: tableType,
  }),
  one('an empty table', { ask: `${ownConfigMaps}?labelSelector=none`, accept: tableType }),
  one('a list as metadata', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app`,
    accept: partialListType,
  }),
  one('a list as yaml', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=tier`,
    accept: 'application/yaml',
  }),
  one('a list as one object of metadata', ...abc, {
    ask: `${ownConfigMaps}?labelSelector=app`,
    accept: partialType,
  }),
]

const labels: readonly Row[] = [
  select('label = ', 'app=till'),
  select('label ==', 'app==till'),
  select('label !=', 'app!=till'),
  select('label in', 'app in (till, scale)'),
  select('label notin', 'app notin (till,scale)'),
  select('label exists', 'app'),
  select('label does not exist', '!app'),
  select('label and label', 'app=till,tier=gold'),
  select('label that contradicts itself', 'app=till,app=scale'),
  select('label with spaces', '  app  =  till  '),
  select('label is empty', 'app='),
  select('label in nothing', 'app in ()'),
  select('label in with an empty value', 'app in (,till)'),
  select('label greater', 'app>1'),
  select('label less', 'app<1'),
  select('label greater than a word', 'app>till'),
  select('label without a key', '=till'),
  select('label without an operator', 'app till'),
  select('label with a parenthesis left open', 'app in (till'),
  select('label in without parentheses', 'app in till'),
  select('label with a comma at the end', 'app=till,'),
  select('label with a comma alone', ','),
  select('label with two operators', 'app==!till'),
  select('label key that is wrong', 'a b!c=d'),
  select('label key that begins with a dash', '-a=b'),
  select('label value that is wrong', 'app=not/ok'),
  select('label value of 64 characters', `app=${'v'.repeat(64)}`),
  select('label key with a prefix', 'example.com/app'),
  select('label key with two prefixes', 'a/b/c'),
  select('label key called __proto__', '__proto__'),
  select('label key called in', 'in'),
  select('label in in in', 'in in (in)'),
  select('label exclamation alone', '!'),
  select('label of control characters', 'a\u0000b'),
  select('label of 1000 terms', Array.from({ length: 1000 }, () => 'app').join(',')),
]

const fields: readonly Row[] = [
  field('field name', 'metadata.name=a'),
  field('field name ==', 'metadata.name==a'),
  field('field name !=', 'metadata.name!=a,metadata.name!=kube-root-ca.crt'),
  field('field namespace', 'metadata.namespace={own},metadata.name=b'),
  field('field of another namespace', 'metadata.namespace=other'),
  field('field that is not known', 'data.of=a'),
  field('field without a value', 'metadata.name'),
  field('field without a name', '=a'),
  field('field with an escaped comma', 'metadata.name=a\\,b'),
  field('field with an escape that is none', 'metadata.name=a\\b'),
  field('field with a comma at the end', 'metadata.name=a,'),
  field('field called __proto__', '__proto__=a'),
  field('field in', 'metadata.name in (a)'),
]

const limits: readonly Row[] = [
  one(
    'a page and the next',
    ...abc,
    {
      ask: `${ownConfigMaps}?limit=1&labelSelector=app`,
      keep: { next: 'metadata.continue' },
    },
    `${ownConfigMaps}?limit=1&labelSelector=app&continue={$next}`,
  ),
  one('a page that ends the list', ...abc, `${ownConfigMaps}?limit=2&labelSelector=app`),
  one(
    'a page without a selector',
    ...['a', 'b', 'c'].map((name) => ({
      ask: `POST ${ownLeases}`,
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } },
      quiet: true as const,
    })),
    { ask: `${ownLeases}?limit=2`, keep: { next: 'metadata.continue' } },
    `${ownLeases}?limit=2&continue={$next}`,
  ),
  one('a page of 0', ...abc, `${ownConfigMaps}?limit=0&labelSelector=app`),
  one('a page of less than 0', ...abc, `${ownConfigMaps}?limit=-1&labelSelector=app`),
  one('a page of a word', ...abc, `${ownConfigMaps}?limit=many`),
  one('a page beyond every number', ...abc, `${ownConfigMaps}?limit=99999999999999999999`),
  one('a page after nothing', `${ownConfigMaps}?continue=`),
  one('a page after a word', `${ownConfigMaps}?continue=abc`),
  one('a page after what is not base64', `${ownConfigMaps}?continue=${encodeURIComponent('ü!')}`),
  one(
    'a page after a forged token',
    `${ownConfigMaps}?limit=1&continue=${Buffer.from('{"v":"meta.k8s.io/v1","rv":-1,"start":"../../x"}').toString('base64url')}`,
  ),
  one(
    'a page after a token of another version',
    `${ownConfigMaps}?limit=1&continue=${Buffer.from('{"v":"meta.k8s.io/v9","rv":1,"start":"x"}').toString('base64url')}`,
  ),
  one(
    'a page with a version as well',
    ...abc,
    {
      ask: `${ownConfigMaps}?limit=1&labelSelector=app`,
      keep: { next: 'metadata.continue', version: 'metadata.resourceVersion' },
    },
    `${ownConfigMaps}?limit=1&continue={$next}&resourceVersion={$version}`,
  ),
]

const versions: readonly Row[] = [
  one('a list at a version that is no number', `${ownConfigMaps}?resourceVersion=abc`),
  one('a list at a version below 0', `${ownConfigMaps}?resourceVersion=-1`),
  one('a list at version 0', ...abc, `${ownConfigMaps}?resourceVersion=0&labelSelector=none`),
  one(
    'a list not older than one',
    given(),
    `${configMaps}?labelSelector=none&resourceVersion={$version}&resourceVersionMatch=NotOlderThan`,
  ),
  one(
    'a list exactly at one',
    given(),
    `${configMaps}?labelSelector=none&resourceVersion={$version}&resourceVersionMatch=Exact`,
  ),
  one(
    'a list exactly at one shows what was',
    given({ data: { a: 'before' } }, { labels: { row: '{id}' } }),
    {
      ask: `PATCH ${configMaps}/{id}`,
      type: 'application/merge-patch+json',
      body: { data: { a: 'after' } },
      quiet: true,
    },
    `${configMaps}?labelSelector=row={id}&resourceVersion={$version}&resourceVersionMatch=Exact`,
  ),
  one('a list exactly at 0', `${configMaps}?resourceVersion=0&resourceVersionMatch=Exact`),
  one('a list by another rule', `${configMaps}?resourceVersion=1&resourceVersionMatch=Newer`),
  one('a list by a rule without a version', `${configMaps}?resourceVersionMatch=Exact`),
  one(
    'a list of the future',
    `${configMaps}?resourceVersion=999999999999&resourceVersionMatch=NotOlderThan`,
  ),
  one('an object of the future', given(), `${configMaps}/{id}?resourceVersion=999999999999`),
]

export const readRows: readonly Row[] = [
  ...gets,
  ...lists,
  ...labels,
  ...fields,
  ...limits,
  ...versions,
]
