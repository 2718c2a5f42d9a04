import { modelKind, modelVersionKind } from '@skerry/api/kinds/model'
import { setCondition } from '@skerry/api/condition'
import type { Clock } from '@skerry/base/clock'
import { type Controller, keyOf, parseKey, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { newestVersion } from './resolve-layers.ts'

/** Counts the versions of a model. */
export function createModelController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'model',
    reads: [
      reads(modelKind, (model) => [keyOf(model)]),
      reads(modelVersionKind, ({ metadata, spec }) => [`${metadata.namespace}/${spec.model}`]),
    ],
    owns: [
      [modelKind, 'latestVersion'],
      [modelKind, 'versions'],
      [modelKind, 'conditions'],
    ],
    reconcile: async (key, { state, cached }) => {
      const { namespace, name } = parseKey(key)
      const versions = cached
        .list(modelVersionKind, namespace)
        .filter(({ spec }) => spec.model === name)
      const latest = newestVersion(versions)?.spec.version
      await updateStatus(state, modelKind, { namespace, name }, ({ status }) => ({
        latestVersion: latest,
        versions: versions.length,
        conditions: setCondition(
          status?.conditions,
          {
            type: 'Ready',
            status: latest === undefined ? 'False' : 'True',
            reason: latest === undefined ? 'NoVersion' : 'HasVersion',
            message:
              latest === undefined ? 'Push a version of it.' : `Its newest version is ${latest}.`,
          },
          clock.now(),
        ),
      }))
    },
  }
}
