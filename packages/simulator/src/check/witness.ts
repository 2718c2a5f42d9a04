import { equalJson } from '@skerry/base/json'
import type { KubeObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'

/** Watches who writes which field of a status. */
export type Witness = {
  /** The same state for somebody who writes as these owners. */
  watch(state: State, writers: readonly string[]): State
}

export const noWitness: Witness = { watch: (state) => state }

/** Tells of every field of a status that is changed by somebody who is not its owner. */
export function createWitness(tell: (message: string) => void): Witness {
  const check = async (
    state: State,
    writers: readonly string[],
    [kind, object, options]: Parameters<State['update']>,
  ): Promise<void> => {
    if (options?.subresource !== 'status') return
    const { metadata } = object
    const key = { namespace: metadata.namespace, name: metadata.name }
    const before = await state.get(kind, key)
    // What comes too late is refused: it changes nothing.
    if (before?.metadata.resourceVersion !== metadata.resourceVersion) return
    for (const field of changedFields(before as KubeObject, object)) {
      const owner = kind.statusOwners[field]
      if (owner !== undefined && writers.includes(owner)) continue
      tell(
        `${writers.join(' and ')} wrote ${kind.kind}.status.${field}, which is ${owner ?? 'nobody'}'s`,
      )
    }
  }
  return {
    watch: (state, writers) => ({
      ...state,
      update: async (...args) => {
        await check(state, writers, args)
        return state.update(...args)
      },
    }),
  }
}

function changedFields(before: KubeObject, after: KubeObject): string[] {
  const left = (before['status'] ?? {}) as Record<string, unknown>
  const right = (after['status'] ?? {}) as Record<string, unknown>
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].filter((name) => !equalJson(left[name], right[name]))
}
