import { type ObjectOf, defineKind } from '../kind.ts'
import { type KubeObject, conditionsSchema } from '../object.ts'
import {
  boolean,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  string,
  timestamp,
  withDefault,
} from '../schema.ts'

/** One that makes sites is nobody's who is limited to some: it may make them with any labels. */
function sitesOfToken({ spec }: KubeObject): readonly string[] {
  const { sites = [], createsSites } = spec as { sites?: string[]; createsSites?: boolean }
  return createsSites === true ? [] : sites
}

/** Lets devices in. The secret itself is shown once, when it is made; only its digest is kept. */
export const joinTokenKind = defineKind({
  kind: 'JoinToken',
  plural: 'jointokens',
  siteAt: sitesOfToken,
  categories: ['skerry'],
  description:
    'Lets devices in until it expires or is used up. Only the digest of the secret is kept.',
  schema: object(
    {
      spec: object(
        {
          tokenDigest: string('SHA-256 of the secret part, in hexadecimal.', {
            pattern: '^[0-9a-f]{64}$',
          }),
          expirationTime: timestamp('When it stops letting devices in.'),
          usesMax: withDefault(
            integer('How many devices it lets in.', { minimum: 1, maximum: 100_000 }),
            1,
          ),
          sites: withDefault(
            list(
              string('Name of a site.'),
              'Sites that may be joined; empty: any that has no device yet.',
            ),
            [],
          ),
          createsSites: withDefault(boolean('Whether a site that does not exist is made.'), false),
          siteLabels: withDefault(map(string('Value.'), 'Labels of sites made so.'), {}),
        },
        'Whom it lets in.',
      ),
      status: optional(
        object(
          {
            uses: optional(integer('How many devices it let in.')),
            lastUsedTime: optional(timestamp('When it last let one in.')),
          },
          'How it was used.',
        ),
      ),
    },
    'A join token.',
  ),
  columns: [
    { name: 'Uses', type: 'integer', path: '.status.uses', description: 'Devices let in.' },
    {
      name: 'Max',
      type: 'integer',
      path: '.spec.usesMax',
      description: 'Devices that may be let in.',
    },
    { name: 'Expires', type: 'string', path: '.spec.expirationTime', description: 'When it ends.' },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  statusOwners: { uses: 'enrolment', lastUsedTime: 'enrolment' },
})
export type JoinToken = ObjectOf<typeof joinTokenKind>

function sitesOfRequest({ spec }: KubeObject): readonly string[] {
  const { site, approvedSite } = spec as { site?: string; approvedSite?: string }
  return [site, approvedSite].filter((name) => name !== undefined)
}

/** A device that asks to be let in. */
export const enrollmentRequestKind = defineKind({
  kind: 'EnrollmentRequest',
  plural: 'enrollmentrequests',
  // Whoever approves it for another site needs both.
  siteAt: sitesOfRequest,
  shortNames: ['er'],
  categories: ['skerry'],
  description: 'A device that asks to be let in. Approve it by setting spec.approval.',
  schema: object(
    {
      spec: object(
        {
          request: string('Certificate signing request, PEM (PKCS #10).', { maxLength: 16_384 }),
          publicKeyDigest: string(
            'SHA-256 of the public key, to compare with what the device shows.',
          ),
          site: optional(string('The site that the device wants to join.')),
          joinToken: optional(string('The JoinToken that was shown.')),
          hardware: withDefault(
            map(string('Value.'), 'What the device says of itself.', { maxProperties: 50 }),
            {},
          ),
          approval: optional(
            oneOf(['Approved', 'Denied'], 'What a person or a token rule decided.'),
          ),
          approvedSite: optional(
            string('The site that it may join, if another than it asked for.'),
          ),
        },
        'Who asks.',
      ),
      status: optional(
        object(
          {
            phase: optional(oneOf(['Pending', 'Approved', 'Denied'], 'What became of it.')),
            device: optional(string('The Device that was made.')),
            message: optional(string('Why, as a sentence.')),
            conditions: conditionsSchema,
          },
          'What became of it.',
        ),
      ),
    },
    'An enrolment request.',
  ),
  columns: [
    { name: 'Site', type: 'string', path: '.spec.site', description: 'Where it wants to go.' },
    { name: 'Phase', type: 'string', path: '.status.phase', description: 'What became of it.' },
    {
      name: 'Device',
      type: 'string',
      path: '.status.device',
      description: 'The device that was made.',
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it asked.',
    },
  ],
  statusOwners: {
    phase: 'enrolment',
    device: 'enrolment',
    message: 'enrolment',
    conditions: 'enrolment',
  },
})
export type EnrollmentRequest = ObjectOf<typeof enrollmentRequestKind>
