import { equalJson } from '@skerry/base/json'
import { type ObjectOf, defineKind } from '../kind.ts'
import { nameProblems } from '../name.ts'
import type { Problem } from '../problem.ts'
import { humanAge } from '../table.ts'
import {
  type Infer,
  integer,
  list,
  listByKey,
  map,
  object,
  optional,
  string,
  timestamp,
  withDefault,
} from '../schema.ts'

/** The one signer whose requests the hub signs: certificates by which clients log in. */
export const clientSigner = 'kubernetes.io/kube-apiserver-client'

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

const requestCharactersMax = 65_536
const expirationSecondsMin = 600

const condition = object(
  {
    type: string('Approved, Denied or Failed.'),
    status: string('True.'),
    reason: optional(string('Why, as one word for programs.')),
    message: optional(string('Why, as a sentence.')),
    lastUpdateTime: optional({ ...timestamp('When it was last written.'), nullable: true }),
    lastTransitionTime: optional({ ...timestamp('When status last changed.'), nullable: true }),
  },
  'What was decided.',
)

const specSchema = object(
  {
    request: withDefault(
      string('PKCS #10 in PEM, in base64.', {
        format: 'byte',
        maxLength: requestCharactersMax,
      }),
      '',
    ),
    signerName: withDefault(string('Who is to sign it.'), ''),
    expirationSeconds: optional(
      integer('For how long the certificate is wanted.', { format: 'int32' }),
    ),
    usages: withDefault(
      list(string('One usage.'), 'What it is for.', { 'x-kubernetes-list-type': 'atomic' }),
      [],
    ),
    username: optional(string('Who asks; set by the server.')),
    uid: optional(string('UID of who asks; set by the server.')),
    groups: optional(list(string('Group.'), 'Groups of who asks; set by the server.')),
    extra: optional(map(list(string('Value.'), 'Values.'), 'More of who asks; set by the server.')),
  },
  'The request.',
)
type Spec = Infer<typeof specSchema>
type SigningCondition = Infer<typeof condition>

const requestSchema = object(
  {
    spec: withDefault(specSchema, { request: '', signerName: '', usages: [] }),
    status: withDefault(
      object(
        {
          conditions: optional(listByKey(condition, 'type', 'What was decided.')),
          certificate: optional(
            string('The certificate, PEM in base64.', { format: 'byte', maxLength: 262_144 }),
          ),
        },
        'The answer.',
      ),
      {},
    ),
  },
  'A certificate signing request.',
)

export const certificateSigningRequestKind = defineKind({
  group: 'certificates.k8s.io',
  version: 'v1',
  categories: [],
  isBuiltIn: true,
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  scope: 'Cluster',
  description: 'Asks for a certificate.',
  schema: requestSchema,
  columns: [
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
    {
      name: 'SignerName',
      type: 'string',
      path: '.spec.signerName',
      description: 'Who is to sign it.',
    },
    { name: 'Requestor', type: 'string', path: '.spec.username', description: 'Who asks.' },
    {
      name: 'RequestedDuration',
      type: 'string',
      path: '.spec.expirationSeconds',
      description: 'For how long the certificate is wanted.',
      cell: ({ spec }) => durationCell(spec as Spec),
    },
    {
      name: 'Condition',
      type: 'string',
      path: '.status.conditions',
      description: 'What was decided.',
      cell: ({ status }) => conditionCell(status ?? {}),
    },
  ],
  selectableFields: ['spec.signerName'],
  subresources: ['approval'],
  statusOwners: { conditions: 'certificate-signing', certificate: 'certificate-signing' },
  validate: (request, before) => [
    ...(before === undefined ? specProblems(request.spec) : changedSpec(request, before)),
    ...conditionProblems(request.status.conditions ?? []),
  ],
})
export type CertificateSigningRequest = ObjectOf<typeof certificateSigningRequestKind>

function specProblems(spec: Spec): Problem[] {
  return [
    ...requestProblems(spec.request),
    ...usageProblems(spec.usages),
    ...signerProblems(spec.signerName),
    ...(spec.expirationSeconds !== undefined && spec.expirationSeconds < expirationSecondsMin
      ? [
          {
            path: 'spec.expirationSeconds',
            type: 'Invalid' as const,
            value: spec.expirationSeconds,
            message: 'may not specify a duration less than 600 seconds (10 minutes)',
          },
        ]
      : []),
  ]
}

function changedSpec(after: { readonly spec: Spec }, before: { readonly spec: Spec }): Problem[] {
  return equalJson(after.spec, before.spec)
    ? []
    : [{ path: 'spec', type: 'Forbidden', message: 'may not be changed: make another request' }]
}

const pemRequest = /^-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\s/m

function requestProblems(request: string): Problem[] {
  return pemRequest.test(decoded(request))
    ? []
    : [
        {
          path: 'spec.request',
          type: 'Invalid',
          value: request === '' ? null : request,
          message: 'PEM block type must be CERTIFICATE REQUEST',
        },
      ]
}

function decoded(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}

function usageProblems(given: readonly string[]): Problem[] {
  if (given.length === 0) return [{ path: 'spec.usages', type: 'Required', message: '' }]
  return given.flatMap((usage, index): Problem[] => {
    const path = `spec.usages[${index}]`
    if (!usages.includes(usage))
      return [
        {
          path,
          type: 'NotSupported',
          value: usage,
          message: `supported values: ${usages.map((each) => JSON.stringify(each)).join(', ')}`,
        },
      ]
    return given.indexOf(usage) < index
      ? [{ path, type: 'Duplicate', value: usage, message: '' }]
      : []
  })
}

function signerProblems(value: string): Problem[] {
  const path = 'spec.signerName'
  if (value === '') return [{ path, type: 'Required', message: '' }]
  const refuse = (message: string): Problem[] => [{ path, type: 'Invalid', value, message }]
  const [domain = '', name = '', ...more] = value.split('/')
  if (more.length > 0 || !isName(domain) || !domain.includes('.') || !isName(name))
    return refuse("must be a fully qualified domain and path of the form 'example.com/signer-name'")
  return value === 'kubernetes.io/legacy-unknown'
    ? refuse('the legacy signerName is not allowed via this API version')
    : []
}

const isName = (text: string) => nameProblems(text, '').length === 0

function conditionProblems(conditions: readonly SigningCondition[]): Problem[] {
  const path = 'status.conditions'
  const types = new Set(conditions.map(({ type }) => type))
  const mustBeTrue = conditions.flatMap(({ type, status }, index): Problem[] =>
    ['Approved', 'Denied', 'Failed'].includes(type) && status !== 'True'
      ? [
          {
            path: `${path}[${index}].status`,
            type: 'NotSupported',
            value: status,
            message: 'supported values: "True"',
          },
        ]
      : [],
  )
  return types.has('Approved') && types.has('Denied')
    ? [
        ...mustBeTrue,
        {
          path,
          type: 'Invalid',
          value: 'Denied',
          message: 'Approved and Denied conditions are mutually exclusive',
        },
      ]
    : mustBeTrue
}

function durationCell(spec: Spec | undefined): string {
  const expirationSeconds = spec?.expirationSeconds
  return expirationSeconds === undefined ? '<none>' : humanAge(expirationSeconds * 1000)
}

/** All that happened to it: `Approved,Issued`. */
function conditionCell(status: {
  readonly conditions?: readonly SigningCondition[]
  readonly certificate?: string
}): string {
  const types = new Set((status.conditions ?? []).map(({ type }) => type))
  const decided = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'
  const isIssued = (status.certificate ?? '') !== ''
  return [
    decided,
    ...(types.has('Failed') ? ['Failed'] : []),
    ...(isIssued ? ['Issued'] : []),
  ].join(',')
}
