import type { Clock } from '@skerry/base/clock'
import type { Controller } from '@skerry/controller/controller'
import type { HubStore } from '@skerry/store/hub-store'
import { aggregateRolesController } from '../access/aggregate-roles.ts'
import { createFleetController } from './fleet.ts'
import { garbageCollectionController } from './garbage-collection.ts'
import { createModelController } from './model.ts'
import { namespaceController } from './namespace.ts'
import { createProfileController } from './profile.ts'
import { createRolloutController } from './rollout.ts'
import { createSitePresenceController } from './site-presence.ts'
import { siteReportController } from './site-report.ts'
import { type Sign, createSiteSpecController } from './site-spec.ts'
import { createSiteSyncController } from './site-sync.ts'
import { createEventExpiryController, createRollupPruningController } from './sweeps.ts'

export type HubControllersOptions = {
  readonly store: HubStore
  /** Makes a signed envelope of a document. */
  readonly sign: Sign
  readonly clock: Clock
}

/** Every controller of the hub. Their declarations are the diagram: `describeGraph` prints it. */
export function createHubControllers({ store, sign, clock }: HubControllersOptions): Controller[] {
  const { rollups } = store
  return [
    createModelController({ clock }),
    createProfileController({ clock }),
    createFleetController({ clock }),
    createRolloutController({ rollups, clock }),
    createSiteSpecController({ store, sign, clock }),
    createSitePresenceController({ clock }),
    siteReportController,
    createSiteSyncController({ clock }),
    namespaceController,
    aggregateRolesController,
    garbageCollectionController,
    createEventExpiryController({ clock }),
    createRollupPruningController({ rollups, clock }),
  ]
}
