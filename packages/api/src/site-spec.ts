import {
  type Infer,
  boolean,
  integer,
  listByKey,
  object,
  optional,
  string,
  timestamp,
} from './schema.ts'
import { resolvedLayerSchema } from './kinds/layer.ts'

/** The payload type of a signed site spec's DSSE envelope. */
export const siteSpecPayloadType = 'application/vnd.skerry.sitespec.v1alpha1+json'

/** A layer of a site spec: resolved, its variables rendered, with the attempt it belongs to. */
export const siteLayerSchema = {
  ...resolvedLayerSchema,
  properties: {
    ...resolvedLayerSchema.properties,
    attempt: integer(
      'Raised by a retry: content that failed in an earlier attempt may be tried again.',
    ),
  },
} as typeof resolvedLayerSchema & { properties: object }

/**
 * All that a site needs to run, in one signed document: the same bytes travel by connection, are kept
 * on the site's disk, and fit on a USB stick. A site sees its own and nothing else.
 */
export const siteSpecSchema = object(
  {
    namespace: string('Namespace of the site.'),
    site: string('Name of the site.'),
    siteUid: string('UID of the site.'),
    epoch: integer('Raised when the hub is restored from a backup; compared before revision.'),
    revision: integer('Grows with each spec of this site within an epoch.'),
    issuedTime: timestamp('When it was made.'),
    validUntil: timestamp(
      'After this the spec is old, and the site says so; it never stops what runs.',
    ),
    timeZone: optional(string('IANA time zone of the site; absent: UTC.')),
    telemetryIntervalSeconds: integer('How often measurements are folded and sent.'),
    layers: listByKey(siteLayerSchema, 'name', 'What runs, lowest first.'),
    prefetch: optional(
      object(
        {
          isOpen: boolean('Whether they may be fetched now; if not, what is here of them stays.'),
          layers: listByKey(siteLayerSchema, 'name', 'Layers whose files will be needed.'),
        },
        'What may be fetched before it runs.',
      ),
    ),
  },
  'A site spec.',
)
export type SiteLayer = Infer<typeof resolvedLayerSchema> & { attempt: number }
export type Prefetch = { readonly isOpen: boolean; readonly layers: readonly SiteLayer[] }
export type SiteSpec = Omit<Infer<typeof siteSpecSchema>, 'layers' | 'prefetch'> & {
  layers: SiteLayer[]
  prefetch?: Prefetch
}

/** Which of two site specs is newer: by epoch, then by revision. */
export type SpecVersion = { readonly epoch: number; readonly revision: number }

/** Negative when `left` is older, 0 when they are the same, positive when it is newer. */
export function compareSpecVersions(left: SpecVersion, right: SpecVersion): number {
  return left.epoch - right.epoch || left.revision - right.revision
}
