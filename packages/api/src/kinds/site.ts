import { type KubeObject, type StoredMeta, conditionsSchema } from '../object.ts'
import { type ObjectOf, defineKind } from '../kind.ts'
import {
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
  withDefault,
} from '../schema.ts'
import { isTimeZone } from '../windows/zone-time.ts'

export const connectivities = ['Online', 'Offline', 'Never'] as const
export const healths = ['Healthy', 'Degraded', 'Failed', 'Unknown'] as const
export const syncs = ['Synced', 'Progressing', 'Parked', 'OutOfSync'] as const
export const layerStates = [
  'Pending',
  'Fetching',
  /** All is here; it goes on when its window opens. */
  'Waiting',
  'Starting',
  'Running',
  'Failed',
  'Stopped',
] as const

const layerStatus = object(
  {
    name: string('Name of the layer.'),
    type: string('Type of the layer.'),
    version: optional(string('Version in words, such as v2.')),
    digest: optional(string('Digest of what runs.')),
    state: oneOf(layerStates, 'What the layer is doing.'),
    restarts: optional(integer('Unplanned restarts since the layer was started.')),
    message: optional(string('Why, as a sentence.')),
  },
  'A layer as it runs at the site.',
)

const failedContent = object(
  {
    layer: string('Name of the layer.'),
    digest: string('Digest of the content that failed here; it is not tried again.'),
    attempt: integer('The attempt that it failed in; a retry raises it.'),
    message: string('What happened.'),
  },
  'Content that failed at this site.',
)

const spec = object(
  {
    displayName: optional(string('What people call the place.', { maxLength: 100 })),
    location: optional(
      object(
        {
          latitude: number('Degrees north.', { minimum: -90, maximum: 90 }),
          longitude: number('Degrees east.', { minimum: -180, maximum: 180 }),
        },
        'Where the place is.',
      ),
    ),
    timeZone: withDefault(string('IANA time zone of the place.'), 'UTC'),
    variables: withDefault(
      map(string('Value.', { maxLength: 4096 }), 'Values that layers may use as ${site.NAME}.', {
        maxProperties: 200,
      }),
      {},
    ),
    telemetry: withDefault(
      object(
        {
          intervalSeconds: withDefault(
            integer('How often measurements are folded and sent.', { minimum: 1, maximum: 3600 }),
            60,
          ),
        },
        'What is measured and how often.',
      ),
      { intervalSeconds: 60 },
    ),
  },
  'What the place is.',
)

const status = object(
  {
    connectivity: optional(oneOf(connectivities, 'Whether the site is connected now.')),
    connectivityChangedTime: optional(timestamp('Since when it is so.')),
    lastSeenTime: optional(
      timestamp('When the hub last heard from the site; while it is online, within a minute.'),
    ),
    health: optional(oneOf(healths, 'How the site itself says it is.')),
    healthMessage: optional(string('Why, as a sentence.')),
    sync: optional(oneOf(syncs, 'Whether what runs is what was asked for.')),
    device: optional(string('The device that speaks for the site.')),
    agentVersion: optional(string('Version of its agent.')),
    applied: optional(
      object(
        {
          epoch: integer('Epoch of the hub that issued it.'),
          revision: integer('Revision of the site spec.'),
          time: timestamp('When it was applied.'),
        },
        'The newest site spec that runs in full.',
      ),
    ),
    layers: optional(listByKey(layerStatus, 'name', 'What runs at the site.')),
    models: optional(string('Models and versions that answer, for tables.')),
    failed: optional(list(failedContent, 'What failed here and is not tried again.')),
    fetched: optional(
      list(string('Digest of a file.'), 'Files that are here already of what will be assigned.'),
    ),
    assigned: optional(
      listByKey(
        object(
          {
            fleet: string('Name of the fleet.'),
            profileRevision: string('Name of the ProfileRevision.'),
            attempt: integer('Raised by a retry.'),
            next: optional(
              object(
                {
                  profileRevision: string('Name of the ProfileRevision.'),
                  isOpen: boolean('Whether its files may be fetched now.'),
                },
                'What will be assigned when the window for installing opens.',
              ),
            ),
          },
          'What a fleet gives to this site.',
        ),
        'fleet',
        'What the fleets want here, as far as their rollouts have come.',
      ),
    ),
    desired: optional(
      object(
        {
          epoch: integer('Epoch of the hub.'),
          revision: integer('Revision of the site spec.'),
          message: optional(string('Why no spec could be made, as a sentence.')),
        },
        'The newest site spec that was issued.',
      ),
    ),
    conditions: conditionsSchema,
  },
  'What is known of the place.',
)

/**
 * What `site-presence` and `site-sync` would write of a site that was just made, given to it at once:
 * ten thousand new sites are ten thousand writes and not thirty.
 */
function firstStatus({ metadata }: KubeObject): object {
  return {
    connectivity: 'Never',
    sync: 'Synced',
    conditions: [
      {
        type: 'Synced',
        status: 'True',
        ...nothingAssigned,
        lastTransitionTime: (metadata as StoredMeta).creationTimestamp,
      },
    ],
  }
}

/** Why a site to which nothing is assigned is in sync. */
export const nothingAssigned = {
  reason: 'NothingAssigned',
  message: 'Nothing is asked for here.',
} as const

/** A place with one cluster. */
export const siteKind = defineKind({
  kind: 'Site',
  plural: 'sites',
  siteAt: 'self',
  description: 'A place with one or more devices: a shop, a factory line, a farm, a clinic.',
  schema: object({ spec: withDefault(spec, {} as never), status: optional(status) }, 'A site.'),
  columns: [
    {
      name: 'Connectivity',
      type: 'string',
      path: '.status.connectivity',
      description: 'Online, Offline or Never.',
    },
    {
      name: 'Health',
      type: 'string',
      path: '.status.health',
      description: 'How the site says it is.',
    },
    {
      name: 'Sync',
      type: 'string',
      path: '.status.sync',
      description: 'Whether what runs is what was asked for.',
    },
    { name: 'Models', type: 'string', path: '.status.models', description: 'Models that answer.' },
    {
      name: 'Last Seen',
      type: 'date',
      path: '.status.lastSeenTime',
      description: 'When the hub last heard from it.',
    },
    {
      name: 'Device',
      type: 'string',
      path: '.status.device',
      description: 'The device that speaks.',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      path: '.status.healthMessage',
      description: 'Why.',
      priority: 1,
    },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  selectableFields: ['status.connectivity', 'status.health', 'status.sync'],
  subresources: ['metrics'],
  statusOwners: {
    connectivity: 'site-presence',
    connectivityChangedTime: 'site-presence',
    lastSeenTime: 'site-presence',
    health: 'site-report',
    healthMessage: 'site-report',
    device: 'site-report',
    agentVersion: 'site-report',
    applied: 'site-report',
    layers: 'site-report',
    models: 'site-report',
    failed: 'site-report',
    fetched: 'site-report',
    sync: 'site-sync',
    assigned: 'rollout',
    desired: 'site-spec',
    conditions: 'site-sync',
  },
  complete: (site, before) =>
    before === undefined ? { ...site, status: firstStatus(site) } : site,
  validate: (site) => {
    const zone = site.spec.timeZone
    return isTimeZone(zone)
      ? []
      : [
          {
            path: 'spec.timeZone',
            type: 'Invalid',
            value: zone,
            message: 'must be an IANA time zone such as Europe/Rome',
          },
        ]
  },
})
export type Site = ObjectOf<typeof siteKind>
export type SiteStatus = NonNullable<Site['status']>
