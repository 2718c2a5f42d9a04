import {
  type Infer,
  boolean,
  integer,
  list,
  listByKey,
  map,
  number,
  object,
  oneOf,
  optional,
  string,
  timestamp,
} from './schema.ts'
import { healths, layerStates } from './kinds/site.ts'
import type { Envelope, TrustedKey } from './envelope.ts'
import { osReportSchema } from './os/os-report.ts'

/**
 * What a device and the hub say to each other. Version 1, under `/device/v1`, over one HTTP/2
 * connection with mutual TLS 1.3 that the device opens. Fields are only ever added; both sides ignore
 * what they do not know, so that either may be one version older.
 */
export const deviceProtocolVersion = 1

export const devicePaths = {
  /** On the API's port, without a certificate: POST EnrollRequest -> EnrollResponse. */
  enroll: '/device/v1/enroll',
  /** GET: a stream of frames, each a length (4 bytes, big-endian) and an envelope; `?poll=1`: one or 304. */
  spec: '/device/v1/spec',
  /** POST StatusReport -> 204. */
  status: '/device/v1/status',
  /** POST TelemetryBatch -> TelemetryAnswer. */
  telemetry: '/device/v1/telemetry',
  /** POST RenewRequest -> RenewResponse; the only path that an expired certificate opens. */
  renew: '/device/v1/renew',
  /** Extended CONNECT (RFC 8441): HTTP/2 the other way round, in which the hub opens streams. */
  reverse: '/device/v1/reverse',
} as const

export type EnrollRequest = {
  /** PEM, PKCS #10, signed with the device's own key. */
  readonly request: string
  /** `NAME.SECRET`; absent: the device waits in the lobby. */
  readonly token?: string
  readonly site?: string
  readonly namespace?: string
  readonly hardware: Readonly<Record<string, string>>
}

/** Approved, or where to look: ask again with the same request until it is. */
export type EnrollResponse =
  | {
      readonly phase: 'Approved'
      readonly identity: DeviceIdentity
      /** PEM, the device's certificate. */
      readonly certificate: string
      /** PEM, the authority that signs hub and devices. */
      readonly authority: string
      /** Whose signatures on site specs count. */
      readonly trustedKeys: readonly TrustedKey[]
      /** `https://host:port` of the device gateway. */
      readonly gateway: string
    }
  | { readonly phase: 'Pending' | 'Denied'; readonly message: string }

export type DeviceIdentity = {
  readonly namespace: string
  readonly site: string
  readonly siteUid: string
  readonly device: string
}

export type RenewRequest = { readonly request: string }
export type RenewResponse = {
  readonly certificate: string
  readonly authority: string
  /** For agents of before `trustedKeySet`; it proves nothing by itself. */
  readonly trustedKeys: readonly TrustedKey[]
  /** The same keys as a document that they signed: who trusts one of them takes the others from it. */
  readonly trustedKeySet?: Envelope
}

const layerReport = object(
  {
    name: string('Name of the layer.'),
    type: string('Type of the layer.'),
    version: optional(string('Version in words.')),
    digest: optional(string('Digest of what runs.')),
    state: oneOf(layerStates, 'What the layer is doing.'),
    restarts: optional(integer('Unplanned restarts.')),
    message: optional(string('Why.', { maxLength: 2000 })),
  },
  'A layer as it runs.',
)

/** The live state of a site, sent on change and as a heartbeat. */
export const statusReportSchema = object(
  {
    bootId: string('Identity of this run of the agent.'),
    sequence: integer('Grows with each report of this run.', { minimum: 0 }),
    agentVersion: string('Version of the agent.', { maxLength: 60 }),
    architecture: string('As Node.js calls it.', { maxLength: 20 }),
    memoryBytes: optional(integer('Memory of the machine.')),
    health: oneOf(healths, 'How the site is.'),
    healthMessage: optional(string('Why.', { maxLength: 2000 })),
    target: optional(
      object(
        { epoch: integer('Epoch.'), revision: integer('Revision.') },
        'The newest spec that it holds.',
      ),
    ),
    applied: optional(
      object(
        { epoch: integer('Epoch.'), revision: integer('Revision.') },
        'The newest spec that runs in full.',
      ),
    ),
    isSettled: boolean('Whether nothing is left to do for the target, for better or worse.'),
    layers: listByKey(layerReport, 'name', 'What runs.'),
    os: optional(osReportSchema),
    fetched: optional(
      list(string('Digest of a file.'), 'What it has of the files that it may fetch ahead.', {
        maxItems: 100,
      }),
    ),
    failed: list(
      object(
        {
          layer: string('Name of the layer.'),
          digest: string('Digest of the content.'),
          attempt: integer('The attempt that it failed in.'),
          message: string('What happened.', { maxLength: 2000 }),
        },
        'Content that failed here.',
      ),
      'What failed here and is not tried again.',
      { maxItems: 100 },
    ),
  },
  'A status report.',
)
export type StatusReport = Infer<typeof statusReportSchema>

const sketchSchema = object(
  {
    zero: integer('Values that were zero.', { minimum: 0 }),
    buckets: list(number('Index or count.'), 'Pairs of index and count.', { maxItems: 4096 }),
    sum: number('Sum of all values.'),
  },
  'A DDSketch with 1 % relative error.',
)

/** What one model version did in one interval at one site. */
export const telemetryRecordSchema = object(
  {
    sequence: integer('Grows with each record of this boot; what is sent twice counts once.', {
      minimum: 0,
    }),
    startTime: timestamp("When the interval began, by the site's clock."),
    endTime: timestamp('When it ended.'),
    layer: string('Name of the layer.', { maxLength: 63 }),
    model: string('Name of the model.', { maxLength: 253 }),
    version: string('Version in words.', { maxLength: 63 }),
    digest: string('Digest of the model file.', { maxLength: 100 }),
    requests: integer('Requests answered, errors included.', { minimum: 0 }),
    errors: integer('Requests that failed through the fault of the model or the server.', {
      minimum: 0,
    }),
    judged: integer('Answers whose truth is known.', { minimum: 0 }),
    correct: integer('Those of them that were right.', { minimum: 0 }),
    latencyMs: sketchSchema,
    confidence: sketchSchema,
    classes: map(integer('How often.', { minimum: 0 }), 'How often each class was the answer.', {
      maxProperties: 1000,
    }),
  },
  'Measurements of one model version.',
)
export type TelemetryRecord = Infer<typeof telemetryRecordSchema>

export const telemetryBatchSchema = object(
  {
    bootId: string("Identity of the agent's run that made the records.", { maxLength: 64 }),
    records: list(telemetryRecordSchema, 'Oldest first.', { maxItems: 500 }),
    dropped: optional(
      integer('Records lost to the bound of the spool since the last batch.', { minimum: 0 }),
    ),
  },
  'Measurements from the spool.',
)
export type TelemetryBatch = Infer<typeof telemetryBatchSchema>

/** Everything of this boot up to and with this sequence is stored: the site may forget it. */
export type TelemetryAnswer = { readonly acknowledged: number }
