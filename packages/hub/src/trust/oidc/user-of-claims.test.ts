import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issuerOfFlags } from './oidc-issuer.ts'
import type { OidcIssuer } from './oidc-issuer.ts'
import { userOfClaims } from './user-of-claims.ts'

const issuer: OidcIssuer = {
  url: 'https://id.example.com',
  audiences: ['hub'],
  username: { claim: 'sub', prefix: 'id:' },
  groups: { claim: 'groups', prefix: '' },
  uidClaim: 'oid',
  extra: [{ key: 'example.com/team', path: ['org', 'team'] }],
  required: [{ claim: 'hd', value: 'example.com' }],
}
const claims = { sub: 'jane', oid: 'u-1', hd: 'example.com' }
const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
const reasonOf = (given: object, by = issuer) => {
  const claimed = userOfClaims(by, given as Record<string, unknown>)
  return claimed.ok ? claimed.user : claimed.reason
}

test('claims become a user', () => {
  assert.deepEqual(
    reasonOf({ ...claims, groups: ['dev'], org: { team: ['a', '', 'b'] }, jti: 'j' }),
    {
      name: 'id:jane',
      uid: 'u-1',
      groups: ['dev'],
      extra: {
        'example.com/team': ['a', 'b'],
        'authentication.kubernetes.io/credential-id': ['JTI=j'],
      },
    },
  )
})

test('nobody is put into a group of the hub itself, or takes a name of it', () => {
  const groups = ['system:masters', 'skerry:devices', 'dev', 'system:nodes']
  assert.deepEqual(reasonOf({ ...claims, groups }), {
    name: 'id:jane',
    uid: 'u-1',
    groups: ['dev'],
  })
  const bare = { ...issuer, username: { claim: 'sub', prefix: '' } }
  assert.match(textOf(reasonOf({ ...claims, sub: 'system:admin' }, bare)), /the name is reserved/)
})

test('what is missing or of another shape is refused, and its value is not told', () => {
  const secret = 's3cret'
  for (const change of [
    { hd: secret },
    { hd: undefined },
    { hd: ['example.com'] },
    { sub: undefined },
    { sub: { secret } },
    { oid: 7 },
    { oid: undefined },
    { groups: { secret } },
    { groups: [secret, 7] },
  ]) {
    const reason = reasonOf({ ...claims, ...change })
    assert.equal(typeof reason, 'string', JSON.stringify(change))
    assert.ok(!textOf(reason).includes(secret))
  }
  const polluted = JSON.parse('{"__proto__":{"hd":"example.com"},"sub":"x","oid":"y"}') as object
  assert.match(textOf(reasonOf(polluted)), /"hd"/)
  const inherited = { ...issuer, required: [{ claim: 'constructor', value: 'x' }] }
  assert.match(textOf(reasonOf(claims, inherited)), /"constructor"/)
})

test('options name users as a kube-apiserver does', () => {
  const flags = {
    issuerUrl: 'https://id.example.com',
    clientId: 'hub',
    usernameClaim: 'sub',
    usernamePrefix: undefined,
    groupsClaim: undefined,
    groupsPrefix: '',
    caFile: undefined,
  }
  const prefixOf = (change: object) =>
    issuerOfFlags({ ...flags, ...change }, undefined).username.prefix
  assert.equal(prefixOf({}), 'https://id.example.com#')
  assert.equal(prefixOf({ usernameClaim: 'email' }), '')
  assert.equal(prefixOf({ usernamePrefix: '-' }), '')
  assert.equal(prefixOf({ usernamePrefix: 'x:' }), 'x:')
  const email = issuerOfFlags({ ...flags, usernameClaim: 'email' }, undefined)
  assert.equal(
    reasonOf({ email: 'a@b.c', email_verified: false }, email),
    'oidc: email not verified',
  )
  assert.deepEqual(reasonOf({ email: 'a@b.c' }, email), { name: 'a@b.c', groups: [] })
})
