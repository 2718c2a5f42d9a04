import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { valueAt } from '@skerry/api/kind'
import { configMapKind, namespaceKind, secretKind } from '@skerry/api/kinds/core'
import { serviceAccountKind } from '@skerry/api/kinds/service-account'
import { systemClock } from '@skerry/base/clock'
import { type Answered, type Asked, type IdentityRig, openIdentityRig } from './identity-rig.ts'

// What a kube-apiserver 1.36 answered to the same requests stands in the expectations.
const defaultToken = '/api/v1/namespaces/default/serviceaccounts/default/token'
const tokenReviews = '/apis/authentication.k8s.io/v1/tokenreviews'
const selfReviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const rolesPath = '/apis/rbac.authorization.k8s.io/v1'

let rig: IdentityRig
before(async () => {
  rig = await openIdentityRig()
  await until(() => rig.state.get(serviceAccountKind, { namespace: 'default', name: 'default' }))
})
after(() => rig[Symbol.asyncDispose]())

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await find()
    if (found !== undefined) return found
    await systemClock.sleep(25)
  }
  throw new Error(`It did not come about: ${String(find)}`)
}

const at = (answer: Answered, path: string) => valueAt(answer.body, path)
const message = (answer: Answered) => String(answer.body['message'])

async function mint(account: string, spec: object = {}): Promise<string> {
  const path = `/api/v1/namespaces/default/serviceaccounts/${account}/token`
  const answer = await rig.admin('POST', path, { body: { spec } })
  assert.equal(answer.code, 201, message(answer))
  return String(at(answer, 'status.token'))
}

const createAccount = (name: string) =>
  rig.state.create(serviceAccountKind, { metadata: { name, namespace: 'default' } })
const whoami = (asked: Asked) => rig.ask('POST', selfReviews, { body: {}, ...asked })
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>

describe('service accounts', () => {
  it('are there in every namespace, with the authority beside them, and come back', async () => {
    const key = { namespace: 'default', name: 'kube-root-ca.crt' }
    const map = await until(() => rig.state.get(configMapKind, key))
    assert.equal(map.data?.['ca.crt'], rig.authority.certificate)
    await rig.state.update(configMapKind, { ...map, data: { 'ca.crt': 'x', y: 'z' } })
    await until(async () => {
      const again = await rig.state.get(configMapKind, key)
      return again?.data?.['y'] === undefined ? again : undefined
    })
    await rig.state.create(namespaceKind, { metadata: { name: 'shops' } })
    await until(() => rig.state.get(serviceAccountKind, { namespace: 'shops', name: 'default' }))
    await rig.state.delete(serviceAccountKind, { namespace: 'shops', name: 'default' })
    await until(() => rig.state.get(serviceAccountKind, { namespace: 'shops', name: 'default' }))
  })

  it('get tokens as Kubernetes makes them', async () => {
    const answer = await rig.admin('POST', defaultToken, { body: { spec: {} } })
    assert.equal(answer.code, 201)
    const { uid } = (await rig.state.get(serviceAccountKind, {
      namespace: 'default',
      name: 'default',
    }))!.metadata
    const { token } = answer.body['status'] as { token: string }
    assert.deepEqual(answer.body['spec'], {
      audiences: [rig.url],
      expirationSeconds: 3600,
      boundObjectRef: null,
    })
    assert.equal(at(answer, 'metadata.name'), 'default')
    assert.equal(at(answer, 'metadata.uid'), uid)
    const { exp, iat, nbf, jti, ...claims } = claimsOf(token)
    assert.deepEqual(claims, {
      aud: [rig.url],
      iss: rig.url,
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default', uid } },
      sub: 'system:serviceaccount:default:default',
    })
    assert.equal(Number(exp) - Number(iat), 3600)
    assert.equal(nbf, iat)
    const told = await whoami({ token })
    assert.deepEqual(at(told, 'status.userInfo'), {
      username: 'system:serviceaccount:default:default',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${String(jti)}`] },
    })
  })

  const refusals: [why: string, body: unknown, code: number, message: RegExp | string][] = [
    ['nothing', undefined, 400, /unrecognized \(must be of type TokenRequest\)/],
    ['a list', [], 400, /unrecognized/],
    [
      'another name',
      { metadata: { name: 'x' } },
      422,
      'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "x": must match the service account name if specified',
    ],
    [
      'another namespace',
      { metadata: { namespace: 'other' } },
      400,
      /^the namespace of the provided object/,
    ],
    [
      'too short',
      { spec: { expirationSeconds: 599 } },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    ],
    [
      'too long',
      { spec: { expirationSeconds: 2 ** 32 + 1 } },
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
    ],
    [
      'a text for seconds',
      { spec: { expirationSeconds: 'x' } },
      400,
      'TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarshal string into Go struct field TokenRequestSpec.spec.expirationSeconds of type int64',
    ],
    ['past 2^53', '{"spec":{"expirationSeconds":90071992547409931}}', 422, /expirationSeconds/],
    ['a text for audiences', { spec: { audiences: 'x' } }, 400, /spec\.audiences of type/],
    [
      'a config map',
      { spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } } },
      400,
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    ],
    [
      'a secret that is not there',
      { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'x' } } },
      404,
      'secrets "x" not found',
    ],
    [
      'a pod',
      { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'x' } } },
      400,
      /pods and nodes live at the sites/,
    ],
    [
      'no kind',
      { spec: { boundObjectRef: {} } },
      400,
      'cannot bind token to object of type /, Kind=',
    ],
    ['no name', { spec: { boundObjectRef: { kind: 'Secret' } } }, 400, 'Name parameter required.'],
    ['another kind', { apiVersion: 'v1', kind: 'Pod' }, 400, /./],
    ['__proto__', '{"spec":{"__proto__":{"expirationSeconds":1}}}', 201, ''],
  ]
  for (const [why, body, code, expected] of refusals)
    it(`get no token for ${why}`, async () => {
      const answer = await rig.admin('POST', defaultToken, body === undefined ? {} : { body })
      assert.equal(answer.code, code, JSON.stringify(answer.body))
      if (typeof expected === 'string' && expected !== '') assert.equal(message(answer), expected)
      if (expected instanceof RegExp) assert.match(message(answer), expected)
    })

  it('get a token only where they are, and by POST', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/none/token'
    const missing = await rig.admin('POST', path, { body: {} })
    assert.equal(missing.code, 404)
    assert.equal(message(missing), 'serviceaccounts "none" not found')
    assert.equal((await rig.admin('GET', defaultToken)).code, 405)
  })

  it('lose their tokens with themselves, also when one of the same name comes', async () => {
    await createAccount('brief')
    const token = await mint('brief')
    assert.equal((await whoami({ token })).code, 201)
    await rig.state.delete(serviceAccountKind, { namespace: 'default', name: 'brief' })
    assert.equal((await whoami({ token })).code, 401)
    await createAccount('brief')
    assert.equal((await whoami({ token })).code, 401)
  })

  it('lose a token with the secret that it is bound to', async () => {
    const metadata = { name: 'bound', namespace: 'default' }
    await rig.state.create(secretKind, { metadata })
    const bound = { kind: 'Secret', apiVersion: 'v1', name: 'bound' }
    const wrong = await rig.admin('POST', defaultToken, {
      body: { spec: { boundObjectRef: { ...bound, uid: 'wrong' } } },
    })
    assert.equal(wrong.code, 409)
    assert.match(message(wrong), /^Operation cannot be fulfilled on Secret "bound": the UID in the/)
    const token = await mint('default', { boundObjectRef: bound })
    assert.equal((await whoami({ token })).code, 201)
    await rig.state.delete(secretKind, metadata)
    assert.equal((await whoami({ token })).code, 401)
    await rig.state.create(secretKind, { metadata })
    assert.equal((await whoami({ token })).code, 401)
    await rig.state.delete(secretKind, metadata)
  })

  it('keep their tokens when keys rotate, until the old key is withdrawn', async () => {
    await createAccount('rotating')
    const old = await mint('rotating')
    await rig.accountKeys.rotate()
    const young = await mint('rotating')
    assert.equal((await whoami({ token: old })).code, 201)
    assert.equal((await whoami({ token: young })).code, 201)
    const keys = (await rig.admin('GET', '/openid/v1/jwks')).body['keys'] as { kid: string }[]
    assert.equal(keys.length, 2)
    await rig.accountKeys.withdrawOld()
    assert.equal((await whoami({ token: old })).code, 401)
    assert.equal((await whoami({ token: young })).code, 201)
  })

  it('have tokens in secrets, too, for clients of old', async () => {
    await createAccount('legacy')
    const metadata = {
      name: 'legacy-token',
      namespace: 'default',
      annotations: { 'kubernetes.io/service-account.name': 'legacy' },
    }
    const type = 'kubernetes.io/service-account-token'
    await rig.state.create(secretKind, { metadata, type })
    const secret = await until(async () => {
      const found = await rig.state.get(secretKind, metadata)
      return found?.data?.['token'] === undefined ? undefined : found
    })
    const decode = (key: string) => Buffer.from(secret.data![key]!, 'base64').toString()
    assert.equal(decode('ca.crt'), rig.authority.certificate)
    assert.equal(decode('namespace'), 'default')
    const token = decode('token')
    const told = await whoami({ token })
    assert.equal(at(told, 'status.userInfo.username'), 'system:serviceaccount:default:legacy')
    assert.equal(at(told, 'status.userInfo.extra'), undefined)
    await rig.state.delete(serviceAccountKind, { namespace: 'default', name: 'legacy' })
    assert.equal((await whoami({ token })).code, 401)
    await until(async () =>
      (await rig.state.get(secretKind, metadata)) === undefined ? 1 : undefined,
    )
    await rig.state.create(secretKind, {
      metadata: { ...metadata, name: 'orphan' },
      type,
    })
    const orphan = { namespace: 'default', name: 'orphan' }
    await until(async () =>
      (await rig.state.get(secretKind, orphan)) === undefined ? 1 : undefined,
    )
  })

  it('tell others how to check their tokens', async () => {
    const configuration = await rig.admin('GET', '/.well-known/openid-configuration')
    assert.deepEqual(configuration.body, {
      issuer: rig.url,
      jwks_uri: `${rig.url}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
    assert.equal(configuration.headers['cache-control'], 'public, max-age=3600')
    const jwks = await rig.admin('GET', '/openid/v1/jwks')
    assert.equal(jwks.headers['content-type'], 'application/jwk-set+json')
    const [key] = jwks.body['keys'] as Record<string, unknown>[]
    assert.deepEqual(Object.keys(key!).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    const token = await mint('default')
    assert.equal((await rig.ask('GET', '/openid/v1/jwks', { token })).code, 200)
    assert.equal((await rig.ask('GET', '/openid/v1/jwks')).code, 401)
    assert.equal((await rig.admin('GET', '/openid/v1')).code, 404)
  })
})

describe('reviews of tokens', () => {
  const review = async (spec: object): Promise<Record<string, unknown>> => {
    const answer = await rig.admin('POST', tokenReviews, { body: { spec } })
    assert.equal(answer.code, 201, message(answer))
    return answer.body['status'] as Record<string, unknown>
  }

  it('say whose a token is', async () => {
    const token = await mint('default')
    const status = await review({ token })
    assert.equal(status['authenticated'], true)
    assert.deepEqual(status['audiences'], [rig.url])
    assert.equal(valueAt(status, 'user.username'), 'system:serviceaccount:default:default')
    assert.deepEqual((await review({ token, audiences: [rig.url, 'y'] }))['audiences'], [rig.url])
  })

  it('look at the audience', async () => {
    const token = await mint('default', { audiences: ['vault', 'x'] })
    assert.deepEqual(await review({ token }), {
      user: {},
      error: `[invalid bearer token, token audiences ["vault" "x"] is invalid for the target audiences ["${rig.url}"]]`,
    })
    const shared = await review({ token, audiences: ['x', 'y', 'vault'] })
    assert.deepEqual([shared['authenticated'], shared['audiences']], [true, ['x', 'vault']])
    assert.equal((await whoami({ token })).code, 401)
  })

  it('say no more of what is no token', async () => {
    for (const token of ['garbage', 'a.b.c', 'x'.repeat(100_000), '..', 'é'])
      assert.deepEqual(await review({ token }), { user: {}, error: 'invalid bearer token' })
    for (const spec of [{}, { token: '' }]) {
      const answer = await rig.admin('POST', tokenReviews, { body: { spec } })
      assert.equal(answer.code, 400)
      assert.equal(message(answer), 'token is required for TokenReview in authentication')
    }
    assert.equal(
      (await rig.admin('POST', tokenReviews, { body: { spec: { token: 1 } } })).code,
      400,
    )
    assert.equal((await rig.admin('GET', tokenReviews)).code, 405)
  })
})

describe('who asks', () => {
  it('is told, by certificate', async () => {
    const told = await rig.admin('POST', selfReviews, {
      body: { metadata: { name: 'x' }, spec: {} },
    })
    assert.equal(told.code, 201)
    const { userInfo } = told.body['status'] as { userInfo: Record<string, unknown> }
    assert.equal(userInfo['username'], 'skerry-admin')
    assert.deepEqual(userInfo['groups'], ['system:masters', 'system:authenticated'])
    assert.match(JSON.stringify(userInfo['extra']), /X509SHA256=[0-9a-f]{64}/)
    assert.deepEqual(Object.keys(told.body['metadata'] as object), ['creationTimestamp'])
  })

  it('is nobody without credentials or with wrong ones, except for what is public', async () => {
    for (const asked of [{}, { token: 'garbage' }, { token: 'a.b.c' }])
      for (const path of ['/api/v1/namespaces', '/apis', '/nothing/here', '/openid/v1/jwks'].slice(
        0,
        2,
      )) {
        const answer = await rig.ask('GET', path, asked)
        assert.equal(answer.code, 401, path)
        assert.equal(message(answer), 'Unauthorized')
      }
    for (const path of ['/healthz', '/livez', '/readyz', '/version'])
      assert.equal((await rig.ask('GET', path)).code, 200, path)
  })

  it('may be anonymous if the hub is told so, and never by wrong credentials', async () => {
    await using open = await openIdentityRig({ admitsAnonymous: true })
    const refused = await open.ask('GET', '/api/v1/namespaces')
    assert.equal(refused.code, 403)
    assert.equal(
      message(refused),
      'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope',
    )
    assert.equal((await open.ask('GET', '/api/v1/namespaces', { token: 'garbage' })).code, 401)
    const cookie = '__Host-skerry=forged.forged'
    const stale = await open.ask('GET', '/api/v1/namespaces', { headers: { cookie } })
    assert.equal(stale.code, 401)
  })
})

describe('acting for others', () => {
  const admin = (headers: Asked['headers']) => rig.admin('POST', selfReviews, { body: {}, headers })
  const user = (answer: Answered) => at(answer, 'status.userInfo')

  it('makes somebody else of masters', async () => {
    assert.deepEqual(user(await admin({ 'Impersonate-User': 'jane' })), {
      username: 'jane',
      groups: ['system:authenticated'],
    })
    const full = await admin({
      'Impersonate-User': 'jane',
      'Impersonate-Group': ['a', 'b, c'],
      'Impersonate-Uid': 'u1',
      'Impersonate-Extra-Scopes': ['view', 'edit'],
      'Impersonate-Extra-acme.com%2Fproject': 'p',
    })
    assert.deepEqual(user(full), {
      username: 'jane',
      uid: 'u1',
      groups: ['a', 'b, c', 'system:authenticated'],
      extra: { 'acme.com/project': ['p'], scopes: ['view', 'edit'] },
    })
    const account = { 'Impersonate-User': 'system:serviceaccount:default:default' }
    assert.deepEqual(user(await admin(account)), {
      username: 'system:serviceaccount:default:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    })
    assert.deepEqual(user(await admin({ ...account, 'Impersonate-Group': 'g' })), {
      username: 'system:serviceaccount:default:default',
      groups: ['g', 'system:authenticated'],
    })
    const anonymous = await admin({ 'Impersonate-User': 'system:anonymous' })
    assert.equal(
      message(anonymous),
      'selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope',
    )
    const masters = await admin({ 'Impersonate-User': 'x', 'Impersonate-Group': 'system:masters' })
    assert.deepEqual(valueAt(user(masters), 'groups'), ['system:masters', 'system:authenticated'])
  })

  it('needs a name', async () => {
    const answer = await admin({ 'Impersonate-Group': 'b' })
    assert.equal(answer.code, 400)
    assert.equal(
      message(answer),
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"b"}, Extra:map[string][]string(nil)} without impersonating a user name',
    )
    assert.equal((await admin({ 'Impersonate-Extra-x': 'b' })).code, 400)
    assert.equal(valueAt(user(await admin({ 'Impersonate-User': '' })), 'username'), 'skerry-admin')
    const odd = await admin({ 'Impersonate-User': 'j', 'Impersonate-Extra-%zz': 'b' })
    assert.deepEqual(valueAt(user(odd), 'extra'), { '%zz': ['b'] })
  })

  it('is refused to those who may not, in the words of Kubernetes', async () => {
    await createAccount('imp')
    const token = await mint('imp')
    const act = (headers: Record<string, string | string[]>) => whoami({ token, headers })
    const refused = async (headers: Record<string, string | string[]>): Promise<string> => {
      const answer = await act(headers)
      assert.equal(answer.code, 403, JSON.stringify(answer.body))
      return message(answer)
    }
    const me = 'User "system:serviceaccount:default:imp" cannot'
    assert.equal(
      await refused({ 'Impersonate-User': 'jane' }),
      `selfsubjectreviews.authentication.k8s.io is forbidden: ${me} impersonate-on:user-info:create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`,
    )
    assert.match(
      await refused({ 'Impersonate-User': 'system:serviceaccount:default:x' }),
      /cannot impersonate-on:serviceaccount:create resource/,
    )
    await allow('imp', [
      { apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['jane'] },
      { apiGroups: [''], resources: ['groups'], verbs: ['impersonate'], resourceNames: ['a'] },
    ])
    await until(async () => {
      const answer = await act({ 'Impersonate-User': 'jane' })
      return answer.code === 201 ? answer : undefined
    })
    assert.equal((await act({ 'Impersonate-User': 'jane', 'Impersonate-Group': 'a' })).code, 201)
    assert.equal(
      await refused({ 'Impersonate-User': 'bob' }),
      `users "bob" is forbidden: ${me} impersonate resource "users" in API group "" at the cluster scope`,
    )
    assert.equal(
      await refused({ 'Impersonate-User': 'jane', 'Impersonate-Group': ['a', 'b'] }),
      `groups "b" is forbidden: ${me} impersonate resource "groups" in API group "" at the cluster scope`,
    )
    assert.equal(
      await refused({ 'Impersonate-User': 'jane', 'Impersonate-Uid': 'u' }),
      `uids.authentication.k8s.io "u" is forbidden: ${me} impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope`,
    )
    assert.equal(
      await refused({ 'Impersonate-User': 'jane', 'Impersonate-Extra-Scopes': 'u' }),
      `userextras.authentication.k8s.io "u" is forbidden: ${me} impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope`,
    )
    assert.equal(
      await refused({ 'Impersonate-User': 'system:serviceaccount:kube-system:x' }),
      `serviceaccounts "x" is forbidden: ${me} impersonate resource "serviceaccounts" in API group "" in the namespace "kube-system"`,
    )
    assert.match(
      await refused({ 'Impersonate-User': 'jane', 'Impersonate-Group': 'system:masters' }),
      /^groups "system:masters" is forbidden/,
    )
  })

  it('is allowed in part: only what impersonate-on names', async () => {
    await createAccount('bounded')
    const token = await mint('bounded')
    await allow('bounded', [
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['users'],
        verbs: ['impersonate:user-info'],
        resourceNames: ['jane'],
      },
      {
        apiGroups: ['authentication.k8s.io'],
        resources: ['selfsubjectreviews'],
        verbs: ['impersonate-on:user-info:create'],
      },
    ])
    const headers = { 'Impersonate-User': 'jane' }
    const allowed = await until(async () => {
      const answer = await whoami({ token, headers })
      return answer.code === 201 ? answer : undefined
    })
    assert.equal(at(allowed, 'status.userInfo.username'), 'jane')
    const other = await rig.ask('GET', '/api/v1/namespaces', { token, headers })
    assert.match(message(other), /cannot impersonate-on:user-info:list resource "namespaces"/)
  })
})

/** A role of these rules, bound to a service account. */
async function allow(account: string, rules: object[]): Promise<void> {
  const metadata = { name: `may-${account}` }
  const role = await rig.admin('POST', `${rolesPath}/clusterroles`, { body: { metadata, rules } })
  assert.equal(role.code, 201, message(role))
  const binding = await rig.admin('POST', `${rolesPath}/clusterrolebindings`, {
    body: {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: 'default' }],
    },
  })
  assert.equal(binding.code, 201, message(binding))
}
