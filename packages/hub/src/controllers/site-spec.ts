import type { Envelope } from '@skerry/api/envelope'
import { profileRevisionKind } from '@skerry/api/kinds/profile'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { type SiteSpec, siteSpecPayloadType } from '@skerry/api/site-spec'
import { type Clock, toTimestamp } from '@skerry/base/clock'
import {
  type Controller,
  type Outcome,
  type View,
  keyOf,
  reads,
} from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import type { HubStore, StoredSpec } from '@skerry/store/hub-store'
import { type SpecContent, blobsOf, composeSiteSpec } from './compose-site-spec.ts'
import { contentDigest } from './content-digest.ts'
import { specLookMs, specRenewBeforeMs, specValidMs } from './limits.ts'
import { revisionLayers } from './rollout-facts.ts'
import { isToBeLookedAt } from './site-news.ts'

export type Sign = (payloadType: string, bytes: Uint8Array) => Envelope

export type SiteSpecOptions = {
  readonly store: Pick<HubStore, 'specs' | 'epoch'>
  readonly sign: Sign
  readonly clock: Clock
}

/** What is assigned to a site, and its variables -> a signed site spec. Keys end in the site's uid. */
export function createSiteSpecController(options: SiteSpecOptions): Controller {
  return {
    name: 'site-spec',
    reads: [
      reads(siteKind, (site, cached, before) => {
        // A site that has gone leaves its spec behind.
        const isGone = cached.get(siteKind, site.metadata) === undefined
        return isGone || isToBeLookedAt(site, before) ? [`${keyOf(site)}/${site.metadata.uid}`] : []
      }),
      reads(profileRevisionKind, (revision, cached) =>
        cached
          .list(siteKind, revision.metadata.namespace)
          .filter((site) =>
            site.status?.assigned?.some((each) => each.profileRevision === revision.metadata.name),
          )
          .map((site) => `${keyOf(site)}/${site.metadata.uid}`),
      ),
    ],
    owns: [[siteKind, 'desired']],
    workers: 8,
    reconcile: (key, view) => reconcileSiteSpec(key, view, options),
  }
}

async function reconcileSiteSpec(
  key: string,
  view: View,
  options: SiteSpecOptions,
): Promise<Outcome> {
  const [namespace = '', name = '', uid = ''] = key.split('/')
  const site = await view.state.get(siteKind, { namespace, name })
  if (site === undefined || site.metadata.uid !== uid) {
    await options.store.specs.delete(uid)
    return undefined
  }
  const stored = await options.store.specs.get(uid)
  if (stored === undefined && (site.status?.assigned ?? []).length === 0) return undefined
  const composed = composeSiteSpec(site, revisionLayers(view.cached, namespace))
  const desired = composed.ok
    ? await ensureIssued(site, composed.content, { stored, options })
    : {
        epoch: stored?.epoch ?? options.store.epoch,
        revision: stored?.revision ?? 0,
        message: composed.message,
      }
  await updateStatus(view.state, siteKind, site.metadata, (fresh) =>
    fresh.metadata.uid === uid ? { desired } : undefined,
  )
  return { againAfterMs: specLookMs }
}

async function ensureIssued(
  site: Site,
  content: SpecContent,
  { stored, options }: { stored: StoredSpec | undefined; options: SiteSpecOptions },
) {
  const { store, clock } = options
  const digest = contentDigest(content)
  // After a restore the epoch is higher: the same content is issued again, so that it outranks.
  const isCurrent = stored?.contentDigest === digest && stored.epoch === store.epoch
  if (isCurrent && !isOld(stored, clock.now()))
    return { epoch: stored.epoch, revision: stored.revision }
  const revision = stored?.epoch === store.epoch ? stored.revision + 1 : 1
  await store.specs.put(issue(site, content, { revision, digest, options }))
  return { epoch: store.epoch, revision }
}

function issue(
  site: Site,
  content: SpecContent,
  { revision, digest, options }: { revision: number; digest: string; options: SiteSpecOptions },
): StoredSpec {
  const { store, sign, clock } = options
  const { namespace = '', name, uid } = site.metadata
  const spec: SiteSpec = {
    namespace,
    site: name,
    siteUid: uid,
    epoch: store.epoch,
    revision,
    issuedTime: toTimestamp(clock.now()),
    validUntil: toTimestamp(clock.now() + specValidMs),
    ...content,
  }
  const bytes = new TextEncoder().encode(JSON.stringify(spec))
  return {
    siteUid: uid,
    namespace,
    site: name,
    epoch: store.epoch,
    revision,
    contentDigest: digest,
    envelope: JSON.stringify(sign(siteSpecPayloadType, bytes)),
    blobs: blobsOf(content),
  }
}

/** Whether the stored spec should be issued anew because it is about to be called old. */
function isOld(stored: StoredSpec, nowMs: number): boolean {
  const { payload } = JSON.parse(stored.envelope) as Envelope
  const spec = JSON.parse(Buffer.from(payload, 'base64').toString()) as SiteSpec
  return Date.parse(spec.validUntil) - nowMs < specRenewBeforeMs
}
