import { configMap, given, ownConfigMaps, partialType, rowsAbout, tableType } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('watch')
const label = (value: string | null): object => ({ metadata: { labels: { x: value } } })
const own = (name: string, labels: object = {}): Step => ({
  ask: `POST ${ownConfigMaps}`,
  body: configMap({}, { name, labels }),
  quiet: true,
})
const patch = (name: string, body: object): Step => ({
  ask: `PATCH ${ownConfigMaps}/${name}`,
  type: 'application/merge-patch+json',
  body,
  quiet: true,
})
const remove = (name: string): Step => ({ ask: `DELETE ${ownConfigMaps}/${name}`, quiet: true })
const since: Step = {
  ask: `POST ${ownConfigMaps}`,
  body: configMap({}, { name: 'since' }),
  quiet: true,
  keep: { since: 'metadata.resourceVersion' },
}
const watch = (events: number, query = '', more: Partial<Step> = {}): Step => ({
  ask: `${ownConfigMaps}?watch=true&timeoutSeconds=5${query}`,
  events,
  ...more,
})
const from = '&resourceVersion={$since}'

export const watchRows: readonly Row[] = [
  one(
    'what happened since',
    since,
    own('a'),
    patch('a', { data: { b: 'c' } }),
    remove('a'),
    watch(3, from),
  ),
  one('what happened since, as metadata', since, own('a'), watch(1, from, { accept: partialType })),
  one(
    'what happened since, as a table',
    since,
    own('a', { x: '1' }),
    own('b', { x: '1' }),
    watch(2, `${from}&labelSelector=x`, { accept: tableType }),
  ),
  one(
    'what happened since, as yaml',
    since,
    own('a'),
    watch(1, from, { accept: 'application/yaml' }),
  ),
  one(
    'comes into a selector and leaves it',
    since,
    own('a'),
    patch('a', label('1')),
    patch('a', { data: { k: 'v' } }),
    patch('a', label('2')),
    patch('a', label('1')),
    remove('a'),
    watch(5, `${from}&labelSelector=x%3D1`),
  ),
  one(
    'by a name',
    since,
    own('a'),
    own('b'),
    patch('b', label('1')),
    watch(2, `${from}&fieldSelector=metadata.name%3Db`),
  ),
  one('by a field that is not known', watch(1, '&fieldSelector=data.x%3Db')),
  one('by a selector that is wrong', watch(1, '&labelSelector=!!')),
  one('from the start', own('a', { x: '1' }), own('b', { x: '1' }), watch(2, '&labelSelector=x')),
  one('from version 0', own('a', { x: '1' }), watch(1, '&labelSelector=x&resourceVersion=0')),
  one('from a version that is no number', watch(1, '&resourceVersion=abc')),
  one('from the future', watch(1, '&resourceVersion=999999999999&timeoutSeconds=1')),
  one(
    'with initial events',
    own('a', { x: '1' }),
    own('b', { x: '1' }),
    watch(
      3,
      '&labelSelector=x&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    ),
  ),
  one(
    'with initial events of nothing',
    watch(
      1,
      '&labelSelector=none&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    ),
  ),
  one(
    'with initial events and no rule',
    watch(1, '&sendInitialEvents=true&allowWatchBookmarks=true'),
  ),
  one(
    'with initial events and no bookmarks',
    watch(1, '&labelSelector=none&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'),
  ),
  one(
    'with initial events by another rule',
    watch(1, '&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=Exact'),
  ),
  one(
    'without initial events',
    since,
    own('a'),
    watch(
      1,
      `${from}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    ),
  ),
  one('with a rule alone', watch(1, '&resourceVersionMatch=NotOlderThan&resourceVersion=0')),
  one('a list with initial events', `${ownConfigMaps}?sendInitialEvents=true&labelSelector=none`),
  one('ends in time', since, {
    ask: `${ownConfigMaps}?watch=1&timeoutSeconds=1${from}`,
    events: 9,
  }),
  one('ends in time that is a word', {
    ask: `${ownConfigMaps}?watch=1&timeoutSeconds=long`,
    events: 9,
  }),
  one('is a word', `${ownConfigMaps}?watch=perhaps&labelSelector=none`),
  one('is false', `${ownConfigMaps}?watch=false&labelSelector=none`),
  one('of one object', since, own('a'), {
    ask: `${ownConfigMaps}/a?watch=true&timeoutSeconds=5${from}`,
    events: 1,
  }),
  one('of one object, the old way', since, own('a'), {
    ask: `/api/v1/watch/namespaces/{own}/configmaps/a?timeoutSeconds=5${from}`,
    events: 1,
  }),
  one('of a list, the old way', since, own('a'), {
    ask: `/api/v1/watch/namespaces/{own}/configmaps?timeoutSeconds=5${from}`,
    events: 1,
  }),
  one(
    'of what finalizers hold',
    since,
    { ...own('a'), body: configMap({}, { name: 'a', finalizers: ['example.com/x'] }) },
    remove('a'),
    patch('a', { metadata: { finalizers: null } }),
    watch(3, from),
  ),
  one(
    'does not see dry runs',
    since,
    { ask: `POST ${ownConfigMaps}?dryRun=All`, body: configMap({}, { name: 'dry' }), quiet: true },
    own('a'),
    watch(1, from),
  ),
  one(
    'does not see writes that change nothing',
    since,
    own('a'),
    patch('a', {}),
    own('b'),
    watch(2, from),
  ),
  one('accepts protobuf only', given(), {
    ...watch(1),
    accept: 'application/vnd.kubernetes.protobuf;stream=watch',
  }),
  one(
    'accepts JSON as a stream',
    since,
    own('a'),
    watch(1, from, { accept: 'application/json;stream=watch' }),
  ),
]
