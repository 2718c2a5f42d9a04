import { digestOf } from '@skerry/artifact/digest-of'
import { type Fleet, fleetKind } from '@skerry/api/kinds/fleet'
import { modelKind, modelVersionKind } from '@skerry/api/kinds/model'
import { profileKind } from '@skerry/api/kinds/profile'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { controlFor } from '@skerry/hub/extensions/rollout-verbs'
import { type World, namespace, worldStartMs } from './world.ts'

/** What people do to a fleet: they push models, say what shall run, and look. */

const modelName = 'digits'
const repository = `models/${namespace}/${modelName}`

/** A version is a file at the hub and an object that names it. */
export async function pushModel(world: World, version: string, sizeBytes = 20_000): Promise<void> {
  const bytes = Buffer.alloc(sizeBytes, `weights of ${version} `)
  await world.state.create(modelVersionKind, {
    metadata: { name: `${modelName}-${version}`, namespace },
    spec: {
      model: modelName,
      version,
      repository,
      manifestDigest: digestOf(`manifest of ${version}`),
      digest: world.addBlob(bytes),
      sizeBytes,
    },
  })
}

/** A model and a workload on every site. */
export async function createFleet(world: World, rollout: object = {}): Promise<void> {
  const { state } = world
  await state.create(modelKind, { metadata: { name: modelName, namespace }, spec: {} })
  await pushModel(world, 'v1')
  await state.create(profileKind, {
    metadata: { name: 'sorting', namespace },
    spec: {
      layers: [
        { name: modelName, type: 'model', model: { name: modelName } },
        { name: 'feeder', type: 'workload', workload: { command: ['feed'] } },
      ],
    },
  })
  await state.create(fleetKind, {
    metadata: { name: 'depots', namespace },
    spec: { profile: 'sorting', rollout: { soakSeconds: 10, ...rollout } },
  })
}

export async function sitesOf(world: World): Promise<Site[]> {
  return (await world.state.list(siteKind, { namespace })).items
}

export async function fleetOf(world: World): Promise<Fleet | undefined> {
  return world.state.get(fleetKind, { namespace, name: 'depots' })
}

/** In the order in which they were made. */
export async function rolloutsOf(world: World): Promise<Rollout[]> {
  const { items } = await world.state.list(rolloutKind, { namespace })
  return items.toSorted(
    (left, right) =>
      left.metadata.creationTimestamp.localeCompare(right.metadata.creationTimestamp) ||
      left.metadata.name.localeCompare(right.metadata.name),
  )
}

/** What waits for a person's word gets it: whoever finds a rollout paused gives it up. */
export async function abortPaused(world: World): Promise<void> {
  for (const rollout of await rolloutsOf(world)) {
    if (rollout.status?.phase !== 'Paused' || rollout.spec.control.action === 'Abort') continue
    const nowMs = worldStartMs + world.timeline.elapsedMs
    const asked = { body: { reason: 'it could not be judged' }, by: 'ada', nowMs }
    const control = controlFor(rollout, 'abort', asked)
    await world.state.update(rolloutKind, { ...rollout, spec: { ...rollout.spec, control } })
  }
}

/** Lets time pass in steps until a question about the state is answered yes. */
export async function runUntil(
  world: World,
  limitMs: number,
  isSo: () => Promise<boolean>,
): Promise<boolean> {
  const stepMs = 1000
  for (let passedMs = 0; passedMs < limitMs; passedMs += stepMs) {
    if (await isSo()) return true
    await world.run(stepMs)
  }
  return isSo()
}
