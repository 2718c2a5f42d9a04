import { type ObjectOf, defineKind } from '../kind.ts'
import { osImageDescriptionSchema } from '../os/os-image-description.ts'
import { integer, object, string } from '../schema.ts'

/** An operating system image in the registry, by digest. */
export const osImageKind = defineKind({
  kind: 'OSImage',
  plural: 'osimages',
  shortNames: ['osi'],
  description: 'An operating system image in the registry: signed, and named by its digest.',
  schema: object(
    {
      spec: object(
        {
          repository: string("Repository in the hub's registry, os/NAMESPACE/NAME."),
          manifestDigest: string('Digest of the OCI manifest.', {
            pattern: '^sha256:[0-9a-f]{64}$',
          }),
          envelope: object(
            {
              digest: string('SHA-256 of the file.', { pattern: '^sha256:[0-9a-f]{64}$' }),
              sizeBytes: integer('Its size.', { minimum: 1 }),
            },
            'The signed description, which is the config of the manifest.',
          ),
          keyid: string('Which key signed it.', { pattern: '^[0-9a-f]{64}$' }),
          description: osImageDescriptionSchema,
        },
        'Which bytes they are.',
      ),
    },
    'An operating system image.',
  ),
  hasStatus: false,
  columns: [
    {
      name: 'Version',
      type: 'string',
      path: '.spec.description.version',
      description: 'The version.',
    },
    {
      name: 'Distribution',
      type: 'string',
      path: '.spec.description.distribution',
      description: 'What its root is.',
    },
    {
      name: 'Kernel',
      type: 'string',
      path: '.spec.description.kernelVersion',
      description: 'Its kernel.',
    },
    {
      name: 'Size',
      type: 'integer',
      path: '.spec.description.root.sizeBytes',
      description: 'Bytes of the file system.',
    },
    {
      name: 'Image',
      type: 'string',
      path: '.spec.description.imageId',
      description: 'What the machine says that it runs.',
      priority: 1,
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was pushed.',
    },
  ],
  validate: (image, before) =>
    before !== undefined && JSON.stringify(before.spec) !== JSON.stringify(image.spec)
      ? [
          {
            path: 'spec',
            type: 'Forbidden',
            message: 'an OSImage never changes: push the new one under another name',
          },
        ]
      : [],
})
export type OSImage = ObjectOf<typeof osImageKind>
