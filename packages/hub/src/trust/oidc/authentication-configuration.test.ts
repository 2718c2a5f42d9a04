import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAuthenticationConfiguration } from './authentication-configuration.ts'

const jwt = (change: object = {}) => ({
  issuer: { url: 'https://id.example.com', audiences: ['hub'] },
  claimMappings: { username: { claim: 'sub', prefix: 'id:' } },
  ...change,
})
const configuration = (...jwts: object[]) => ({
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  jwt: jwts,
})

test('a configuration is read as a kube-apiserver reads it', () => {
  const full = jwt({
    issuer: {
      url: 'https://id.example.com',
      discoveryURL: 'https://inside.example.com/openid',
      certificateAuthority: 'PEM',
      audiences: ['hub', 'console'],
      audienceMatchPolicy: 'MatchAny',
    },
    claimValidationRules: [{ claim: 'hd', requiredValue: 'example.com' }],
    claimMappings: {
      username: { claim: 'email', prefix: '' },
      groups: { claim: 'roles', prefix: 'id:' },
      uid: { claim: 'oid' },
      extra: [{ key: 'example.com/team', valueExpression: 'claims.org.team' }],
    },
  })
  assert.deepEqual(
    parseAuthenticationConfiguration({ ...configuration(full), anonymous: { enabled: true } }),
    {
      ok: true,
      admitsAnonymous: true,
      issuers: [
        {
          url: 'https://id.example.com',
          discoveryUrl: 'https://inside.example.com/openid',
          audiences: ['hub', 'console'],
          authority: 'PEM',
          username: { claim: 'email', prefix: '' },
          groups: { claim: 'roles', prefix: 'id:' },
          uidClaim: 'oid',
          extra: [{ key: 'example.com/team', path: ['org', 'team'] }],
          required: [{ claim: 'hd', value: 'example.com' }],
        },
      ],
    },
  )
  const two = configuration(
    jwt(),
    jwt({ issuer: { url: 'https://b.example.com', audiences: ['x'] } }),
  )
  const parsed = parseAuthenticationConfiguration(two)
  assert.ok(parsed.ok && parsed.issuers.length === 2 && parsed.admitsAnonymous === undefined)
})

const refused: [why: string, value: unknown, message: RegExp][] = [
  ['nothing', undefined, /must be an object/],
  ['a list', [], /must be an object/],
  ['no version', { kind: 'AuthenticationConfiguration' }, /apiVersion/],
  ['another kind', { ...configuration(), kind: 'Pod' }, /kind/],
  ['an unknown field', { ...configuration(), jwts: [] }, /jwts: Unknown field/],
  ['an unknown field within', configuration(jwt({ x: 1 })), /x: Unknown field/],
  ['a text for a list', { ...configuration(), jwt: 'x' }, /jwt/],
  [
    'http',
    configuration(jwt({ issuer: { url: 'http://id.example.com', audiences: ['hub'] } })),
    /jwt\[0\]\.issuer\.url: Invalid value: URL scheme must be https/,
  ],
  [
    'a password in the address',
    configuration(jwt({ issuer: { url: 'https://a:b@id.example.com', audiences: ['hub'] } })),
    /must not contain a username or password/,
  ],
  [
    'a query',
    configuration(jwt({ issuer: { url: 'https://id.example.com?', audiences: ['hub'] } })),
    /must not contain a query/,
  ],
  ['the same issuer twice', configuration(jwt(), jwt()), /jwt\[1\]\.issuer\.url: Duplicate value/],
  [
    'no audience',
    configuration(jwt({ issuer: { url: 'https://id.example.com', audiences: [] } })),
    /jwt\[0\]\.issuer\.audiences/,
  ],
  [
    'no prefix',
    configuration(jwt({ claimMappings: { username: { claim: 'sub' } } })),
    /jwt\[0\]\.claimMappings\.username\.prefix: Required value/,
  ],
  [
    'CEL for a name',
    configuration(jwt({ claimMappings: { username: { expression: 'claims.sub' } } })),
    /jwt\[0\]\.claimMappings\.username\.expression: Forbidden: CEL is not evaluated/,
  ],
  [
    'CEL for a rule',
    configuration(jwt({ claimValidationRules: [{ expression: 'true' }] })),
    /jwt\[0\]\.claimValidationRules\[0\]: Forbidden/,
  ],
  [
    'CEL for more',
    configuration(
      jwt({
        claimMappings: {
          username: { claim: 'sub', prefix: '' },
          extra: [{ key: 'Team', valueExpression: 'claims.a + "x"' }],
        },
      }),
    ),
    /extra\[0\]\.valueExpression: Invalid value.*; .*extra\[0\]\.key: Invalid value/,
  ],
  ['65 issuers', configuration(...Array.from({ length: 65 }, () => jwt())), /64/],
]
for (const [why, value, message] of refused)
  test(`a configuration with ${why} is refused`, () => {
    const parsed = parseAuthenticationConfiguration(value)
    assert.match(parsed.ok ? 'taken' : parsed.message, message)
  })
