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

export const layerTypes = ['os', 'model', 'workload'] as const

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

const timeOfDay = '^([01][0-9]|2[0-3]):[0-5][0-9]$'

/** How an OS image is put in place; the same in a profile and in a site spec. */
const osPolicy = {
  rebootWindow: optional(
    object(
      {
        from: string("When it opens, HH:MM in the site's time zone.", { pattern: timeOfDay }),
        to: string('When it closes; before `from`: on the next day.', { pattern: timeOfDay }),
      },
      'When the machine may restart; absent: at any time.',
    ),
  ),
  health: withDefault(
    object(
      {
        deadlineSeconds: withDefault(
          integer('A new image that is not healthy by then falls back.', {
            minimum: 10,
            maximum: 86_400,
          }),
          600,
        ),
        services: withDefault(
          list(string('Name of a service.', { maxLength: 200 }), 'Services that must run.', {
            maxItems: 50,
          }),
          [] as string[],
        ),
        commands: withDefault(
          list(
            list(string('One word.', { maxLength: 4096 }), 'Program and arguments.', {
              minItems: 1,
              maxItems: 100,
            }),
            'Commands that must end with exit code 0.',
            { maxItems: 20 },
          ),
          [] as string[][],
        ),
      },
      'What must be well before a new image is kept, beside network, hub and models.',
    ),
    { deadlineSeconds: 600, services: [], commands: [] },
  ),
}

const fileOf = (what: string) =>
  object({ digest: string('SHA-256.'), sizeBytes: integer('Its size.') }, what)

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
    os: optional(
      object(
        { image: string('Name of the OSImage.'), ...osPolicy },
        'For type os: the operating system of the machine.',
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
    digest: string(
      'SHA-256 of the content that runs: the model file, the manifest of the OS image, or the canonical workload.',
    ),
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
    os: optional(
      object(
        {
          image: string('Name of the OSImage.'),
          version: string('Version in words.'),
          imageId: string('What the machine will say that it runs.'),
          repository: string("Repository in the hub's registry."),
          envelope: fileOf('The signed description of the image.'),
          root: fileOf('The file system.'),
          kernel: fileOf('The unified kernel image.'),
          ...osPolicy,
        },
        'For type os; digest is that of the OCI manifest.',
      ),
    ),
    workload: optional(workloadSchema),
  },
  'A layer with digests.',
)
export type ResolvedLayer = Infer<typeof resolvedLayerSchema>
