import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import { type Infer, integer, list, listByKey, object, oneOf, optional, string } from '../schema.ts'

/** Tensor types of the Open Inference Protocol v2. */
export const tensorDatatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const

const tensorSchema = object(
  {
    name: string('Name of the tensor.'),
    datatype: oneOf(
      tensorDatatypes,
      'Type of its elements, as the Open Inference Protocol names it.',
    ),
    shape: list(integer('A dimension; -1 is any.', { minimum: -1 }), 'Its dimensions.'),
  },
  'An input or output of a model.',
)
export type TensorSpec = Infer<typeof tensorSchema>

const signatureSchema = object(
  {
    inputs: listByKey(tensorSchema, 'name', 'What goes in.'),
    outputs: listByKey(tensorSchema, 'name', 'What comes out.'),
  },
  'What goes into a model and what comes out.',
)
export type ModelSignature = Infer<typeof signatureSchema>

/** A model: a promise about inputs and outputs that each of its versions keeps. */
export const modelKind = defineKind({
  kind: 'Model',
  plural: 'models',
  description: 'A model: what goes in and what comes out. Every version keeps to it.',
  schema: object(
    {
      spec: object(
        {
          description: optional(string('What it is for.', { maxLength: 1000 })),
          signature: optional(signatureSchema),
        },
        'What every version promises. The first version sets the signature if it is absent.',
      ),
      status: optional(
        object(
          {
            latestVersion: optional(string('The newest version that was accepted.')),
            versions: optional(integer('How many versions there are.')),
            conditions: conditionsSchema,
          },
          'What there is of it.',
        ),
      ),
    },
    'A model.',
  ),
  columns: [
    {
      name: 'Latest',
      type: 'string',
      path: '.status.latestVersion',
      description: 'Newest version.',
    },
    {
      name: 'Versions',
      type: 'integer',
      path: '.status.versions',
      description: 'How many there are.',
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  statusOwners: { latestVersion: 'model', versions: 'model', conditions: 'model' },
})
export type Model = ObjectOf<typeof modelKind>

/** One version of a model: bytes, by digest. */
export const modelVersionKind = defineKind({
  kind: 'ModelVersion',
  plural: 'modelversions',
  shortNames: ['mv'],
  description:
    'One version of a model, in the registry by digest. Refused at creation if it cannot serve.',
  schema: object(
    {
      spec: object(
        {
          model: string('The Model.'),
          version: string('Version in words, such as v2.', {
            pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
            maxLength: 60,
          }),
          repository: string("Repository in the hub's registry, models/NAMESPACE/MODEL."),
          manifestDigest: string('Digest of the OCI manifest.', {
            pattern: '^sha256:[0-9a-f]{64}$',
          }),
          digest: string('Digest of the model file.', { pattern: '^sha256:[0-9a-f]{64}$' }),
          sizeBytes: integer('Size of the model file.', { minimum: 1 }),
          signature: optional(signatureSchema),
        },
        'Which bytes they are.',
      ),
    },
    'A version of a model.',
  ),
  hasStatus: false,
  columns: [
    { name: 'Model', type: 'string', path: '.spec.model', description: 'The model.' },
    { name: 'Version', type: 'string', path: '.spec.version', description: 'The version.' },
    { name: 'Size', type: 'integer', path: '.spec.sizeBytes', description: 'Bytes of the file.' },
    {
      name: 'Digest',
      type: 'string',
      path: '.spec.digest',
      description: 'Digest of the file.',
      priority: 1,
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was pushed.',
    },
  ],
  selectableFields: ['spec.model'],
  validate: (version, before) => {
    const wanted = `${version.spec.model}-${version.spec.version}`
    if (before !== undefined && JSON.stringify(before.spec) !== JSON.stringify(version.spec))
      return [
        {
          path: 'spec',
          type: 'Forbidden',
          message: 'a ModelVersion never changes: push another version',
        },
      ]
    return version.metadata.name === wanted
      ? []
      : [
          {
            path: 'metadata.name',
            type: 'Invalid',
            value: version.metadata.name,
            message: `must be ${wanted}`,
          },
        ]
  },
})
export type ModelVersion = ObjectOf<typeof modelVersionKind>
