import type { Row, Step } from '../row.ts'

/** Made once by openssl: `/O=dev/CN=jane` and `/O=system:masters/CN=jane`, on P-256. */
const devRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIV01IOENBUUF3SFRFTU1Bb0dBMVVFQ2d3RFpHVjJNUTB3Q3dZRFZRUUREQVJxWVc1bE1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUVvV2FYeWhWOEN0RUZEVzM3ZnNDNG91OHhUSGpUVi9JcDhhOHREUENnCnBVRFpJb0JBMWREMTlrTW54c2JVeGE4WlE2czZudDkwTWg2NnFUSkdtdGQ3VHFBQU1Bb0dDQ3FHU000OUJBTUMKQTBjQU1FUUNJQ1N5VG1kTUY1SjlIN1FEeFc4djByaHFUNi81bDVzUjBMYTI4d0lkcWF5cEFpQVZPR2FUV2lRbwpxZ0ZrbFdONTlmbklLQmd6U3VLVENxNFNFUHIrVUNyNS9RPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=='
const mastersRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIak1JR0tBZ0VBTUNneEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVEwd0N3WURWUVFEREFScQpZVzVsTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFWjRxRHVJMEJHNGlsdWY4NGdoMlkvbDNXCnVvOFBNMm9OM01Rakl1WjNUSDN4VVoxc0k0aC9KWjY3N21iZmJ4MjgzNlhOZkVFSkxKQ3VNUU1TaGptQnlxQUEKTUFvR0NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFEL0szY2dPWEJXT2NhbVRhOVNmQWVRZkdKOEZrNEl1Yy9PSzVlMgpDYXZXTmdJZ1NGV0d3K2o1bzZacDBzUTNKZFZTdStvZmd3cnM2N01HYkFTNGZ2c0lzY1U9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'

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

/** What becomes of the wish for a certificate. */
export const signingRows: readonly Row[] = [
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
