import { type KindSource, fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import type { Clock } from '@skerry/base/clock'
import type { Controller } from '@skerry/controller/controller'
import type { HubStore } from '@skerry/store/hub-store'
import { createDefinitionController } from '../custom-kinds/definition-controller.ts'
import { aggregateRolesController } from '../access/aggregate-roles.ts'
import {
  type CertificateSigningOptions,
  createCertificateSigningController,
} from './certificate-signing.ts'
import { createFleetController } from './fleet.ts'
import { createGarbageCollectionController } from './garbage-collection.ts'
import { createModelController } from './model.ts'
import { createNamespaceController } from './namespace.ts'
import { createProfileController } from './profile.ts'
import { createRolloutController } from './rollout.ts'
import { createServiceAccountController } from './service-account.ts'
import {
  type ServiceAccountTokenOptions,
  createServiceAccountTokenController,
} from './service-account-token.ts'
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
  /** Absent: those that are built in. */
  readonly kinds?: KindSource
  readonly credentials: HubCredentials
}

/** What the hub's own keys make for others. */
export type HubCredentials = ServiceAccountTokenOptions & Omit<CertificateSigningOptions, 'clock'>

/** Every controller of the hub. Their declarations are the diagram: `describeGraph` prints it. */
export function createHubControllers(options: HubControllersOptions): Controller[] {
  const { store, sign, clock, credentials } = options
  const { kinds: source = fixedKinds(kinds) } = options
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
    createNamespaceController({ kinds: source, clock }),
    createDefinitionController({ builtIn: kinds, clock }),
    aggregateRolesController,
    createServiceAccountController(credentials),
    createServiceAccountTokenController(credentials),
    createCertificateSigningController({ ...credentials, clock }),
    createGarbageCollectionController(source),
    createEventExpiryController({ clock }),
    createRollupPruningController({ rollups, clock }),
  ]
}
