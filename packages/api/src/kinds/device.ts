import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import { osReportSchema } from '../os/os-report.ts'
import { integer, map, object, optional, string, timestamp } from '../schema.ts'

/** A machine of a site. */
export const deviceKind = defineKind({
  kind: 'Device',
  plural: 'devices',
  description:
    'A machine of a site. Made when a device enrols; deleting it revokes its certificates.',
  schema: object(
    {
      spec: object(
        {
          site: string('The site that it belongs to.'),
          publicKeyDigest: string('SHA-256 of its public key (SubjectPublicKeyInfo, DER).'),
          hardware: optional(
            map(string('Value.'), 'What it said of itself when it enrolled.', {
              maxProperties: 50,
            }),
          ),
        },
        'Which machine it is.',
      ),
      status: optional(
        object(
          {
            agentVersion: optional(string('Version of its agent.')),
            bootId: optional(string('Identity of the running boot.')),
            architecture: optional(string('As Node.js calls it: x64, arm64.')),
            memoryBytes: optional(integer('Memory of the machine.')),
            os: optional(osReportSchema),
            certificate: optional(
              object(
                {
                  serialNumber: string('Of the newest certificate.'),
                  notAfter: timestamp('When it expires.'),
                },
                'The certificate that it was last given.',
              ),
            ),
            conditions: conditionsSchema,
          },
          'What is known of it.',
        ),
      ),
    },
    'A device.',
  ),
  columns: [
    { name: 'Site', type: 'string', path: '.spec.site', description: 'Where it stands.' },
    {
      name: 'Agent',
      type: 'string',
      path: '.status.agentVersion',
      description: 'Version of its agent.',
    },
    { name: 'Arch', type: 'string', path: '.status.architecture', description: 'Processor.' },
    {
      name: 'OS',
      type: 'string',
      path: '.status.os.version',
      description: 'Version of its image.',
    },
    {
      name: 'Certificate Until',
      type: 'string',
      path: '.status.certificate.notAfter',
      description: 'When it expires.',
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it enrolled.',
    },
  ],
  selectableFields: ['spec.site'],
  siteAt: '.spec.site',
  statusOwners: {
    certificate: 'enrolment',
    agentVersion: 'site-report',
    bootId: 'site-report',
    architecture: 'site-report',
    memoryBytes: 'site-report',
    os: 'site-report',
    conditions: 'enrolment',
  },
})
export type Device = ObjectOf<typeof deviceKind>
