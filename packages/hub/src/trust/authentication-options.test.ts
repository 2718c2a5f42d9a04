import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHubOptions } from '../hub-options.ts'

const parse = (...args: string[]) => {
  const parsed = parseHubOptions(['--data', '/d', ...args], {})
  return parsed.ok ? parsed.options.authentication : parsed.message
}

test('nobody but the hub’s own is let in unless options say so', () => {
  assert.deepEqual(parse(), {
    serviceAccountIssuers: [],
    admitsAnonymous: false,
    configFile: undefined,
    oidc: undefined,
  })
})

test('options are those of a kube-apiserver', () => {
  assert.deepEqual(
    parse(
      '--anonymous-auth',
      '--service-account-issuer=https://a.example.com',
      '--service-account-issuer=https://b.example.com',
      '--oidc-issuer-url=https://id.example.com',
      '--oidc-client-id=hub',
      '--oidc-groups-claim=groups',
    ),
    {
      serviceAccountIssuers: ['https://a.example.com', 'https://b.example.com'],
      admitsAnonymous: true,
      configFile: undefined,
      oidc: {
        issuerUrl: 'https://id.example.com',
        clientId: 'hub',
        usernameClaim: 'sub',
        usernamePrefix: undefined,
        groupsClaim: 'groups',
        groupsPrefix: '',
        caFile: undefined,
      },
    },
  )
})

test('options that contradict each other are refused with a sentence', () => {
  const oidc = ['--oidc-issuer-url=https://id.example.com', '--oidc-client-id=hub']
  for (const [args, message] of [
    [['--oidc-client-id=hub'], /must be given together/],
    [['--oidc-ca-file=x'], /--oidc-ca-file needs --oidc-issuer-url/],
    [[...oidc, '--authentication-config=x'], /exclude each other/],
    [['--service-account-issuer=http://a'], /must be an https URL/],
    [['--service-account-issuer=x'], /must be an https URL/],
  ] as const)
    assert.match(JSON.stringify(parse(...args)), message)
})
