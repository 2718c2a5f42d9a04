import { configMaps, given, givenOwn, ownConfigMaps, rowsAbout } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('delete')
const remove = (body?: unknown, query = ''): Step => ({
  ask: `DELETE ${configMaps}/{id}${query}`,
  ...(body === undefined ? {} : { body }),
})
const options = (more: object) => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...more })
const after = `${configMaps}/{id}`
const held = given({}, { finalizers: ['example.com/hold'] })
const release: Step = {
  ask: `PATCH ${configMaps}/{id}`,
  type: 'application/merge-patch+json',
  body: { metadata: { finalizers: null } },
}

export const deleteRows: readonly Row[] = [
  one('an object', given(), remove(), after),
  one('an object that is not there', remove()),
  one('with empty options', given(), remove(options({}))),
  one('with options without a kind', given(), remove({ propagationPolicy: 'Background' })),
  one('with options of another kind', given(), remove({ apiVersion: 'v1', kind: 'ConfigMap' })),
  one(
    'with options of another group',
    given(),
    remove({ apiVersion: 'apps/v1', kind: 'DeleteOptions' }),
  ),
  one(
    'with options of meta',
    given(),
    remove({ apiVersion: 'meta.k8s.io/v1', kind: 'DeleteOptions' }),
  ),
  one('with options that are a list', given(), { ask: `DELETE ${after}`, text: '[]' }),
  one('with options that are no JSON', given(), { ask: `DELETE ${after}`, text: '{' }),
  one('with options of another media type', given(), {
    ask: `DELETE ${after}`,
    text: 'x',
    type: 'text/plain',
  }),
  one('with its uid', given(), remove(options({ preconditions: { uid: '{$uid}' } }))),
  one('with another uid', given(), remove(options({ preconditions: { uid: 'other' } }))),
  one(
    'with its version',
    given(),
    remove(options({ preconditions: { resourceVersion: '{$version}' } })),
  ),
  one(
    'with another version',
    given(),
    remove(options({ preconditions: { resourceVersion: '1' } })),
  ),
  one('with preconditions of another type', given(), remove(options({ preconditions: 'uid' }))),
  one('in the background', given(), remove(options({ propagationPolicy: 'Background' }))),
  one('in the foreground', given(), remove(options({ propagationPolicy: 'Foreground' }))),
  one('leaving orphans', given(), remove(options({ propagationPolicy: 'Orphan' }))),
  one('by a policy in the URL', given(), remove(undefined, '?propagationPolicy=Foreground')),
  one('by another policy', given(), remove(options({ propagationPolicy: 'Sideways' }))),
  one('by another policy in the URL', given(), remove(undefined, '?propagationPolicy=Sideways')),
  one('with orphanDependents', given(), remove(options({ orphanDependents: true }))),
  one(
    'with orphanDependents and a policy',
    given(),
    remove(options({ orphanDependents: true, propagationPolicy: 'Orphan' })),
  ),
  one('with a grace of 0', given(), remove(options({ gracePeriodSeconds: 0 }))),
  one('with a grace of 30', given(), remove(options({ gracePeriodSeconds: 30 }))),
  one('with a grace below 0', given(), remove(options({ gracePeriodSeconds: -5 }))),
  one('with a grace that is a word', given(), remove(options({ gracePeriodSeconds: 'soon' }))),
  one('with a grace in the URL', given(), remove(undefined, '?gracePeriodSeconds=0')),
  one(
    'with a grace in the URL that is a word',
    given(),
    remove(undefined, '?gracePeriodSeconds=soon'),
  ),
  one('as a dry run', given(), remove(undefined, '?dryRun=All'), after),
  one('as a dry run by the body', given(), remove(options({ dryRun: ['All'] })), after),
  one('as a dry run of another word', given(), remove(undefined, '?dryRun=Some')),
  one('as a dry run of another word by the body', given(), remove(options({ dryRun: ['Some'] }))),
  one('as a dry run of another type', given(), remove(options({ dryRun: 'All' }))),
  one('with options that nobody knows', given(), remove(options({ nonsense: 1 }))),
  one('what a finalizer holds', held, remove(), after, release, after),
  one('what a finalizer holds, twice', held, remove(), remove(), release),
  one(
    'what a finalizer holds as a dry run',
    held,
    remove(undefined, '?dryRun=All'),
    after,
    release,
  ),
  one('asking for the object', given(), {
    ask: `DELETE ${after}`,
    headers: { prefer: 'return=representation' },
  }),
  one('below a subresource that is not there', given(), `DELETE ${configMaps}/{id}/status`),
  one(
    'all by a label',
    ...givenOwn({ a: { x: '1' }, b: { x: '2' }, c: { x: '1' } }),
    `DELETE ${ownConfigMaps}?labelSelector=x=1`,
    `${ownConfigMaps}?labelSelector=x`,
  ),
  one(
    'all by a field',
    ...givenOwn({ a: { x: '1' }, b: { x: '2' } }),
    `DELETE ${ownConfigMaps}?fieldSelector=metadata.name=a`,
    `${ownConfigMaps}?labelSelector=x`,
  ),
  one(
    'all as a dry run',
    ...givenOwn({ a: { x: '1' } }),
    `DELETE ${ownConfigMaps}?labelSelector=x&dryRun=All`,
    `${ownConfigMaps}?labelSelector=x`,
  ),
  one('all of none', `DELETE ${ownConfigMaps}?labelSelector=none`),
  one('all by a selector that is wrong', `DELETE ${ownConfigMaps}?labelSelector=!!`),
  one('all of all namespaces', 'DELETE /api/v1/configmaps?labelSelector=none'),
  one('all with a uid', ...givenOwn({ a: { x: '1' } }), {
    ask: `DELETE ${ownConfigMaps}?labelSelector=x`,
    body: options({ preconditions: { uid: 'other' } }),
  }),
]
