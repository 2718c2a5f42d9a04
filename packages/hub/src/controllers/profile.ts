import { setCondition } from '@skerry/api/condition'
import { apiVersionOf } from '@skerry/api/kind'
import { modelVersionKind } from '@skerry/api/kinds/model'
import { osImageKind } from '@skerry/api/kinds/os-image'
import { type Profile, profileKind, profileRevisionKind } from '@skerry/api/kinds/profile'
import { isApiError } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { type Controller, type View, keyOf, parseKey, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { contentDigest } from './content-digest.ts'
import { resolveLayers } from './resolve-layers.ts'

/** Profile, the newest versions of its models, its OS image -> a ProfileRevision, named by its content. */
export function createProfileController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'profile',
    reads: [
      reads(profileKind, (profile) => [keyOf(profile)]),
      reads(modelVersionKind, (version, cached) =>
        cached
          .list(profileKind, version.metadata.namespace)
          .filter((profile) => usesModel(profile, version.spec.model))
          .map(keyOf),
      ),
      reads(osImageKind, (image, cached) =>
        cached
          .list(profileKind, image.metadata.namespace)
          .filter((profile) => usesImage(profile, image.metadata.name))
          .map(keyOf),
      ),
      reads(profileRevisionKind, (revision) => [
        `${revision.metadata.namespace}/${revision.spec.profile}`,
      ]),
    ],
    owns: [
      [profileKind, 'head'],
      [profileKind, 'observedGeneration'],
      [profileKind, 'conditions'],
    ],
    makes: [profileRevisionKind],
    reconcile: (key, view) => reconcileProfile(key, view, clock),
  }
}

function usesModel(profile: Profile, model: string): boolean {
  return profile.spec.layers.some((layer) => layer.model?.name === model)
}

function usesImage(profile: Profile, image: string): boolean {
  return profile.spec.layers.some((layer) => layer.os?.image === image)
}

async function reconcileProfile(key: string, view: View, clock: Clock): Promise<void> {
  const profile = await view.state.get(profileKind, parseKey(key))
  if (profile === undefined || profile.metadata.deletionTimestamp !== undefined) return
  const { namespace } = profile.metadata
  const resolved = resolveLayers(profile.spec.layers, {
    versions: view.cached.list(modelVersionKind, namespace),
    images: view.cached.list(osImageKind, namespace),
  })
  const head = resolved.ok ? await ensureRevision(view, profile, resolved.layers) : undefined
  const { generation } = profile.metadata
  await updateStatus(view.state, profileKind, parseKey(key), ({ status }) => ({
    ...(head === undefined ? {} : { head }),
    observedGeneration: generation,
    conditions: setCondition(
      status?.conditions,
      {
        type: 'Ready',
        status: resolved.ok ? 'True' : 'False',
        reason: resolved.ok ? 'Resolved' : 'Incomplete',
        message: resolved.ok ? `Its newest revision is ${head}.` : resolved.message,
        observedGeneration: generation,
      },
      clock.now(),
    ),
  }))
}

async function ensureRevision(
  { state, cached }: View,
  profile: Profile,
  layers: object[],
): Promise<string> {
  const digest = contentDigest(layers)
  const { namespace, name, uid } = profile.metadata
  const revision = `${name}-${digest.slice('sha256:'.length, 'sha256:'.length + 10)}`
  if (cached.get(profileRevisionKind, { namespace, name: revision }) !== undefined) return revision
  try {
    await state.create(profileRevisionKind, {
      metadata: {
        name: revision,
        ...(namespace === undefined ? {} : { namespace }),
        ownerReferences: [{ apiVersion: apiVersionOf(profileKind), kind: 'Profile', name, uid }],
      },
      spec: { profile: name, digest, layers },
    })
  } catch (thrown) {
    if (!isApiError(thrown, 'AlreadyExists')) throw thrown
  }
  return revision
}
