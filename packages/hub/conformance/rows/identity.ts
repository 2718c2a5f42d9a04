import type { Row, Step } from '../row.ts'
import { signingRows } from './certificates.ts'

const accounts = '/api/v1/namespaces/{ns}/serviceaccounts'
const token = `POST ${accounts}/{id}/token`
const reviews = 'POST /apis/authentication.k8s.io/v1/tokenreviews'
const self = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews'

const account: Step = {
  ask: `POST ${accounts}`,
  body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: '{id}' } },
}
const authentication = (kind: string, spec?: object, metadata?: object) => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind,
  ...(metadata === undefined ? {} : { metadata }),
  ...(spec === undefined ? {} : { spec }),
})
const ownAudience = {
  at: '1.body.spec.audiences',
  why: 'each server is an issuer of its own',
} as const
const unmanaged = (...steps: number[]) =>
  steps.map((step) => ({
    at: `${step}.body.metadata.managedFields`,
    why: 'of what is not kept nobody manages fields',
  }))

const tokenRow = (name: string, spec?: object, metadata?: object): Row => ({
  name: `identity: a token ${name}`,
  steps: [
    { ...account, quiet: true },
    {
      ask: token,
      body: authentication('TokenRequest', spec, metadata),
      keep: { token: 'status.token' },
    },
  ],
  differs: [...(spec !== undefined && 'audiences' in spec ? [] : [ownAudience]), ...unmanaged(1)],
})
const tokenRefused = (name: string, ...steps: Step[]): Row => ({
  name: `identity: no token ${name}`,
  steps: [{ ...account, quiet: true }, ...steps],
})
const bound = (reference: object): Step => ({
  ask: token,
  body: authentication('TokenRequest', { boundObjectRef: reference }),
})

const tokenRows: readonly Row[] = [
  tokenRow('of an account', {}),
  tokenRow('without a spec'),
  tokenRow('for others', { audiences: ['vault', 'x'] }),
  tokenRow('for a name of nothing', { audiences: [''] }),
  tokenRow('for 2^32 seconds', { expirationSeconds: 2 ** 32 }),
  tokenRow('with the name of the account', {}, { name: '{id}' }),
  tokenRefused('for 599 seconds', {
    ask: token,
    body: authentication('TokenRequest', { expirationSeconds: 599 }),
  }),
  tokenRefused('for more than 2^32 seconds', {
    ask: token,
    body: authentication('TokenRequest', { expirationSeconds: 2 ** 32 + 1 }),
  }),
  tokenRefused('for a text of seconds', {
    ask: token,
    body: authentication('TokenRequest', { expirationSeconds: 'x' }),
  }),
  tokenRefused('for a text of audiences', {
    ask: token,
    body: authentication('TokenRequest', { audiences: 'x' }),
  }),
  tokenRefused('with another name', {
    ask: token,
    body: authentication('TokenRequest', {}, { name: 'x' }),
  }),
  tokenRefused('in another namespace', {
    ask: token,
    body: authentication('TokenRequest', {}, { name: '{id}', namespace: 'other' }),
  }),
  tokenRefused('with an unknown field', {
    ask: `${token}?fieldValidation=Strict`,
    body: authentication('TokenRequest', { x: 1 }),
  }),
  tokenRefused('bound to a config map', bound({ kind: 'ConfigMap', apiVersion: 'v1', name: 'x' })),
  tokenRefused('bound to no secret', bound({ kind: 'Secret', apiVersion: 'v1', name: '{id}' })),
  tokenRefused('bound to nothing', bound({})),
  tokenRefused('bound without a name', bound({ kind: 'Secret' })),
  tokenRefused('of an account that is not there', {
    ask: `POST ${accounts}/none/token`,
    body: authentication('TokenRequest', {}),
  }),
  tokenRefused('by GET', { ask: `${accounts}/{id}/token` }),
  tokenRefused('without a body', { ask: token }),
  tokenRefused('of another version', {
    ask: token,
    body: { apiVersion: 'authentication.k8s.io/v1beta1', kind: 'TokenRequest' },
  }),
  tokenRefused(
    'bound to another secret of that name',
    {
      ask: 'POST /api/v1/namespaces/{ns}/secrets',
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: '{id}' } },
      quiet: true,
    },
    bound({ kind: 'Secret', apiVersion: 'v1', name: '{id}', uid: 'wrong' }),
  ),
]

const accountRows: readonly Row[] = [
  { name: 'identity: an account', steps: [account, { ask: `${accounts}/{id}` }] },
  {
    name: 'identity: an account of everything',
    steps: [
      {
        ask: account.ask,
        body: {
          ...(account.body as object),
          automountServiceAccountToken: false,
          imagePullSecrets: [{ name: 'a' }],
          secrets: [{ name: 'b' }, { name: 'c' }],
        },
      },
      { ask: `${accounts}/{id}`, accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    ],
  },
  {
    name: 'identity: a legacy token needs an account to name',
    steps: [
      {
        ask: 'POST /api/v1/namespaces/{ns}/secrets',
        body: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: '{id}' },
          type: 'kubernetes.io/service-account-token',
        },
      },
    ],
  },
]

const reviewRow = (name: string, ...steps: Step[]): Row => ({ name: `identity: ${name}`, steps })
const reviewRows: readonly Row[] = [
  {
    ...reviewRow('a review of garbage', {
      ask: reviews,
      body: authentication('TokenReview', { token: 'garbage' }),
    }),
    differs: unmanaged(0),
  },
  {
    ...reviewRow('a review of three parts', {
      ask: reviews,
      body: authentication('TokenReview', { token: 'a.b.c' }),
    }),
    differs: unmanaged(0),
  },
  reviewRow('a review of nothing', { ask: reviews, body: authentication('TokenReview', {}) }),
  {
    ...reviewRow('a review with a name', {
      ask: reviews,
      body: authentication('TokenReview', { token: 'x' }, { name: 'x', labels: { a: 'b' } }),
    }),
    differs: unmanaged(0),
  },
  reviewRow('a review of a number', {
    ask: reviews,
    body: authentication('TokenReview', { token: 1 }),
  }),
  reviewRow('a list of reviews', { ask: '/apis/authentication.k8s.io/v1/tokenreviews' }),
  reviewRow('one review', { ask: '/apis/authentication.k8s.io/v1/tokenreviews/x' }),
  {
    differs: unmanaged(1, 2, 3),
    name: 'identity: a review of a token for others',
    steps: [
      { ...account, quiet: true },
      {
        ask: token,
        body: authentication('TokenRequest', { audiences: ['vault', 'x'] }),
        keep: { token: 'status.token', uid: 'metadata.uid' },
      },
      {
        ask: reviews,
        body: authentication('TokenReview', { token: '{$token}', audiences: ['x', 'y', 'vault'] }),
      },
      {
        ask: reviews,
        body: authentication('TokenReview', { token: '{$token}', audiences: ['y'] }),
      },
    ],
  },
]

const as = (headers: Readonly<Record<string, string>>): Step => ({
  ask: self,
  body: authentication('SelfSubjectReview'),
  headers,
})
const impersonationRows: readonly Row[] = [
  reviewRow('as somebody', as({ 'impersonate-user': 'jane' })),
  reviewRow(
    'as somebody with everything',
    as({
      'impersonate-user': 'jane',
      'impersonate-group': 'dev',
      'impersonate-uid': 'u',
      'impersonate-extra-acme.com%2Frole': 'view',
    }),
  ),
  reviewRow('as an account', as({ 'impersonate-user': 'system:serviceaccount:a:b' })),
  reviewRow(
    'as an account with a group',
    as({ 'impersonate-user': 'system:serviceaccount:a:b', 'impersonate-group': 'g' }),
  ),
  reviewRow('as almost an account', as({ 'impersonate-user': 'system:serviceaccount:a' })),
  reviewRow('as an account of a bad name', as({ 'impersonate-user': 'system:serviceaccount:a:B' })),
  reviewRow('as a node', as({ 'impersonate-user': 'system:node:n' })),
  reviewRow('as nobody', as({ 'impersonate-user': 'system:anonymous' })),
  reviewRow(
    'as somebody who is not authenticated',
    as({ 'impersonate-user': 'jane', 'impersonate-group': 'system:unauthenticated' }),
  ),
  reviewRow('as a group alone', as({ 'impersonate-group': 'g' })),
  reviewRow('as a uid alone', as({ 'impersonate-uid': 'g' })),
  reviewRow('as an extra alone', as({ 'impersonate-extra-x': 'g' })),
  reviewRow(
    'as an extra that is escaped badly',
    as({ 'impersonate-user': 'jane', 'impersonate-extra-%zz': 'g' }),
  ),
  reviewRow('somebody who may not', {
    ask: '/api/v1/namespaces/{ns}/secrets',
    headers: { 'impersonate-user': 'jane' },
  }),
  reviewRow('a path that somebody may not', {
    ask: '/openid/v1/jwks',
    headers: { 'impersonate-user': 'system:anonymous' },
  }),
]

const discoveryRows: readonly Row[] = [
  reviewRow('the kinds of authentication', { ask: '/apis/authentication.k8s.io/v1' }),
  reviewRow('the kinds of certificates', { ask: '/apis/certificates.k8s.io/v1' }),
  reviewRow('the group of authentication', { ask: '/apis/authentication.k8s.io' }),
]

/** Accounts, their tokens, reviews of them, acting for others, and certificates. */
export const identityRows: readonly Row[] = [
  ...accountRows,
  ...tokenRows,
  ...reviewRows,
  ...impersonationRows,
  ...signingRows,
  ...discoveryRows,
]
