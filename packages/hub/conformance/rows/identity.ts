import type { Row, Step } from '../row.ts'

/** Made once by openssl: `/O=dev/CN=jane` and `/O=system:masters/CN=jane`, on P-256. */
const devRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIV01IOENBUUF3SFRFTU1Bb0dBMVVFQ2d3RFpHVjJNUTB3Q3dZRFZRUUREQVJxWVc1bE1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUVvV2FYeWhWOEN0RUZEVzM3ZnNDNG91OHhUSGpUVi9JcDhhOHREUENnCnBVRFpJb0JBMWREMTlrTW54c2JVeGE4WlE2czZudDkwTWg2NnFUSkdtdGQ3VHFBQU1Bb0dDQ3FHU000OUJBTUMKQTBjQU1FUUNJQ1N5VG1kTUY1SjlIN1FEeFc4djByaHFUNi81bDVzUjBMYTI4d0lkcWF5cEFpQVZPR2FUV2lRbwpxZ0ZrbFdONTlmbklLQmd6U3VLVENxNFNFUHIrVUNyNS9RPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=='
const mastersRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIak1JR0tBZ0VBTUNneEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVEwd0N3WURWUVFEREFScQpZVzVsTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFWjRxRHVJMEJHNGlsdWY4NGdoMlkvbDNXCnVvOFBNMm9OM01Rakl1WjNUSDN4VVoxc0k0aC9KWjY3N21iZmJ4MjgzNlhOZkVFSkxKQ3VNUU1TaGptQnlxQUEKTUFvR0NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFEL0szY2dPWEJXT2NhbVRhOVNmQWVRZkdKOEZrNEl1Yy9PSzVlMgpDYXZXTmdJZ1NGV0d3K2o1bzZacDBzUTNKZFZTdStvZmd3cnM2N01HYkFTNGZ2c0lzY1U9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='

const accounts = '/api/v1/namespaces/{ns}/serviceaccounts'
const token = `POST ${accounts}/{id}/token`
const reviews = 'POST /apis/authentication.k8s.io/v1/tokenreviews'
const self = 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews'
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

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

const request = (name: string, spec: object = {}): Step => ({
  ask: `POST ${requests}`,
  body: {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: devRequest,
      signerName: 'example.com/{id}',
      usages: ['client auth'],
      ...spec,
    },
  },
})
const asked = request('{id}')
const whoAsks = (step: number) => [
  ...['username', 'extra'].map((field) => ({
    at: `${step}.body.spec.${field}`,
    why: 'the administrators of the two have other names',
  })),
  managed(step),
]
const managed = (step: number) => ({
  at: `${step}.body.metadata.managedFields`,
  why: 'Kubernetes remembers no managers of this kind',
})
const put = (part: string, status: object): Step => ({
  ask: `PUT ${requests}/{id}${part}`,
  body: { ...(asked.body as object), status },
})
const approved = { type: 'Approved', status: 'True', reason: 'R', message: 'M' }
/** `told`: the steps whose answers are the request itself. */
const signing = (name: string, told: readonly number[], ...steps: Step[]): Row => ({
  name: `identity: a signing request ${name}`,
  steps,
  differs: told.flatMap(whoAsks),
})
const signingRows: readonly Row[] = [
  signing('is made', [0, 1], asked, { ask: `${requests}/{id}` }),
  signing('says who asks', [0], request('{id}', { username: 'x', groups: ['y'], uid: 'z' })),
  signing(
    'for masters',
    [],
    request('{id}', {
      request: mastersRequest,
      signerName: 'kubernetes.io/kube-apiserver-client',
    }),
  ),
  signing('for a signer without a domain', [], request('{id}', { signerName: 'x' })),
  signing('for a signer of three parts', [], request('{id}', { signerName: 'a/b/c' })),
  signing(
    'for the legacy signer',
    [],
    request('{id}', { signerName: 'kubernetes.io/legacy-unknown' }),
  ),
  signing('for an unknown usage', [], request('{id}', { usages: ['nonsense'] })),
  signing('for a usage twice', [], request('{id}', { usages: ['client auth', 'client auth'] })),
  signing('for no usage', [], request('{id}', { usages: [] })),
  signing('of garbage', [], request('{id}', { request: 'Z2FyYmFnZQ==' })),
  signing('for 599 seconds', [], request('{id}', { expirationSeconds: 599 })),
  signing('without a spec', [], {
    ask: `POST ${requests}`,
    body: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: '{id}' },
    },
  }),
  {
    ...signing(
      'in a table',
      [],
      { ...asked, quiet: true },
      {
        ask: `${requests}/{id}`,
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      },
    ),
    differs: [
      { at: '1.body.rows[0].cells[3]', why: 'the administrators of the two have other names' },
      {
        at: '1.body.rows[0].object.metadata.managedFields',
        why: 'Kubernetes remembers no managers of this kind',
      },
    ],
  },
  signing(
    'keeps its spec',
    [1],
    { ...asked, quiet: true },
    {
      ask: `PUT ${requests}/{id}`,
      body: request('{id}', { signerName: 'other.com/x' }).body,
    },
  ),
  signing(
    'is approved',
    [1, 2],
    { ...asked, quiet: true },
    put('/approval', {
      certificate: 'eA==',
      conditions: [approved],
    }),
    { ask: `${requests}/{id}/approval` },
  ),
  signing(
    'is approved with a patch',
    [1],
    { ...asked, quiet: true },
    {
      ask: `PATCH ${requests}/{id}/approval`,
      type: 'application/strategic-merge-patch+json',
      body: { status: { conditions: [approved] } },
    },
  ),
  signing(
    'is approved falsely',
    [],
    { ...asked, quiet: true },
    put('/approval', {
      conditions: [{ ...approved, status: 'False' }],
    }),
  ),
  signing(
    'is approved and denied',
    [],
    { ...asked, quiet: true },
    put('/approval', {
      conditions: [approved, { type: 'Denied', status: 'True' }],
    }),
  ),
  signing(
    'is approved by its status',
    [],
    { ...asked, quiet: true },
    put('/status', {
      conditions: [approved],
    }),
  ),
  signing(
    'is signed',
    [1],
    { ...asked, quiet: true },
    put('/approval', { conditions: [approved] }),
    put('/status', {
      certificate: 'eA==',
    }),
  ),
  signing(
    'by its signer',
    [],
    { ...asked, quiet: true },
    {
      ask: `${requests}?fieldSelector=spec.signerName=none.com/x`,
    },
  ),
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
