import {
  type Infer,
  integer,
  list,
  map,
  object,
  oneOf,
  optional,
  string,
  withDefault,
} from '../schema.ts'

export const layerTypes = ['model', 'workload'] as const

const workloadSchema = object(
  {
    command: list(
      string('One word.', { maxLength: 4096 }),
      'Program and arguments. ${site.NAME} stands for a variable of the site.',
      { minItems: 1, maxItems: 200 },
    ),
    environment: withDefault(
      map(string('Value.', { maxLength: 4096 }), 'Environment of the process.', {
        maxProperties: 200,
      }),
      {},
    ),
    memoryMaxMiB: optional(integer('The process is ended when it holds more.', { minimum: 8 })),
    stopGraceSeconds: withDefault(
      integer('Seconds between SIGTERM and SIGKILL.', { minimum: 0, maximum: 600 }),
      10,
    ),
  },
  'For type workload: an operating-system process that is kept running.',
)

/** One step of a profile's stack, as users write it. */
export const layerSchema = object(
  {
    name: string('Name of the layer, unique in the site.', {
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      maxLength: 40,
    }),
    type: oneOf(layerTypes, 'What kind of thing it is.'),
    model: optional(
      object(
        {
          name: string('Name of the Model.'),
          version: optional(string('Version to run; absent: the newest that was accepted.')),
          port: optional(
            integer('TCP port on 127.0.0.1 of the site; absent: one that is free.', {
              minimum: 1,
              maximum: 65535,
            }),
          ),
        },
        'For type model: a model that answers the Open Inference Protocol.',
      ),
    ),
    workload: optional(workloadSchema),
  },
  'A typed layer of a profile.',
)
export type Layer = Infer<typeof layerSchema>

/** A layer with everything looked up: what a ProfileRevision holds and a site spec carries. */
export const resolvedLayerSchema = object(
  {
    name: string('Name of the layer.'),
    type: oneOf(layerTypes, 'What kind of thing it is.'),
    digest: string('SHA-256 of the content that runs: the model file, or the canonical workload.'),
    model: optional(
      object(
        {
          name: string('Name of the Model.'),
          version: string('Version in words.'),
          repository: string("Repository in the hub's registry."),
          manifestDigest: string('Digest of the OCI manifest.'),
          sizeBytes: integer('Size of the model file.'),
          port: optional(integer('TCP port on 127.0.0.1 of the site.')),
        },
        'For type model.',
      ),
    ),
    workload: optional(workloadSchema),
  },
  'A layer with digests.',
)
export type ResolvedLayer = Infer<typeof resolvedLayerSchema>
