import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isApiError } from '@skerry/api/status'
import type { Attributes, Authorize } from './authorization.ts'
import { createImpersonation } from './impersonation.ts'
import { wantedUserOf } from './wanted-user.ts'

const robot = { name: 'robot', groups: ['system:authenticated'] }
const getSite: Attributes = {
  type: 'resource',
  verb: 'get',
  group: 'skerry.dev',
  version: 'v1alpha1',
  resource: 'sites',
  namespace: 'shops',
  name: 'oslo',
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** `verb resource[/subresource] [namespace/]name`, as a table of roles would say it. */
function spoken(asked: Attributes): string {
  if (asked.type === 'path') return `${asked.verb} ${asked.path}`
  const { verb, resource, subresource, namespace, name } = asked
  const part = subresource === undefined ? resource : `${resource}/${subresource}`
  return `${verb} ${part} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

const allowing =
  (...allowed: string[]): Authorize =>
  (_user, asked) =>
    allowed.includes(spoken(asked)) ? { allowed: true } : { allowed: false, reason: '' }

const act = async (authorize: Authorize, rawHeaders: string[]) => {
  try {
    return await createImpersonation(authorize)(robot, { rawHeaders }, getSite)
  } catch (thrown) {
    if (isApiError(thrown)) return `${thrown.code} ${thrown.message}`
    throw thrown
  }
}

test('a request that acts for nobody is for its sender, and asks nothing', async () => {
  const authorize = () => assert.fail('nobody needs to be asked')
  assert.equal(await act(authorize, []), robot)
  assert.equal(await act(authorize, ['Accept', '*/*', 'impersonate-user', '']), robot)
})

test('everything that is wanted has to be allowed', async () => {
  const headers = [
    ['Impersonate-User', 'jane'],
    ['impersonate-group', 'a'],
    ['IMPERSONATE-GROUP', 'b'],
    ['Impersonate-Uid', 'u'],
    ['Impersonate-Extra-Acme.com%2fRole', 'view'],
  ].flat()
  const all = [
    'impersonate users jane',
    'impersonate uids u',
    'impersonate groups a',
    'impersonate groups b',
    'impersonate userextras/acme.com/role view',
  ]
  assert.deepEqual(await act(allowing(...all), headers), {
    name: 'jane',
    uid: 'u',
    groups: ['a', 'b', 'system:authenticated'],
    extra: { 'acme.com/role': ['view'] },
    impersonator: robot,
  })
  for (const missing of all)
    assert.match(
      textOf(await act(allowing(...all.filter((each) => each !== missing)), headers)),
      /^403 sites\.skerry\.dev "oslo" is forbidden: User "robot" cannot impersonate-on:user-info:get/,
    )
})

test('the constrained ways let do what they name, for their sort of user, and never for masters', async () => {
  const on = 'impersonate-on:user-info:get sites shops/oslo'
  const user = 'impersonate:user-info users jane'
  const jane = ['Impersonate-User', 'jane']
  assert.equal(typeof (await act(allowing(on, user), jane)), 'object')
  assert.match(
    textOf(await act(allowing(on), jane)),
    /cannot impersonate:user-info resource "users"/,
  )
  const masters = [...jane, 'Impersonate-Group', 'system:masters']
  assert.match(
    textOf(await act(allowing(on, user, 'impersonate:user-info groups system:masters'), masters)),
    /impersonating the system:masters group is not allowed$/,
  )
  const node = await act(
    allowing(
      'impersonate-on:arbitrary-node:get sites shops/oslo',
      'impersonate:arbitrary-node nodes n1',
    ),
    ['Impersonate-User', 'system:node:n1'],
  )
  assert.deepEqual(node, {
    name: 'system:node:n1',
    groups: ['system:nodes', 'system:authenticated'],
    impersonator: robot,
  })
  const account = ['Impersonate-User', 'system:serviceaccount:shops:till']
  assert.equal(
    typeof (await act(
      allowing(
        'impersonate-on:serviceaccount:get sites shops/oslo',
        'impersonate:serviceaccount serviceaccounts shops/till',
      ),
      account,
    )),
    'object',
  )
  assert.match(
    textOf(
      await act(
        allowing(on, 'impersonate:user-info users system:serviceaccount:shops:till'),
        account,
      ),
    ),
    /^403/,
  )
})

test('whoever is limited to sites acts for nobody', async () => {
  const sites = {
    has: () => true,
    changed: new AbortController().signal,
    isChangedSince: () => false,
  }
  const refusal = await act(() => ({ allowed: true, sites }) as never, ['Impersonate-User', 'jane'])
  assert.match(textOf(refusal), /^403 .*limited to sites/)
})

test('the refusal of the way that last came through is the one that is told', async () => {
  const impersonate = createImpersonation(allowing('impersonate users jane'))
  const as = (name: string) =>
    Promise.resolve(impersonate(robot, { rawHeaders: ['Impersonate-User', name] }, getSite))
  await assert.rejects(as('bob'), /impersonate-on:user-info:get/)
  await as('jane')
  await assert.rejects(
    as('bob'),
    /^ApiError: users "bob" is forbidden: User "robot" cannot impersonate /,
  )
})

test('headers are taken as they come', () => {
  const wanted = wantedUserOf({
    rawHeaders: [
      ['Impersonate-User', Buffer.from('jörg').toString('latin1')],
      ['Impersonate-User', 'second'],
      ['Impersonate-Group', 'a, b'],
      ['Impersonate-Extra-__proto__', 'x'],
      ['Impersonate-Extra-%', 'y'],
    ].flat(),
  })
  assert.equal(wanted?.name, 'jörg')
  assert.deepEqual(wanted?.groups, ['a, b'])
  assert.deepEqual(
    [...wanted!.extra],
    [
      ['__proto__', ['x']],
      ['%', ['y']],
    ],
  )
  assert.throws(
    () => wantedUserOf({ rawHeaders: ['Impersonate-Uid', 'u'] }),
    /requested &user\.DefaultInfo\{Name:"", UID:"u", Groups:\[\]string\(nil\), Extra:map\[string\]\[\]string\(nil\)\} without impersonating a user name/,
  )
})
