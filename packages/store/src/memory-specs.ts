import { cloneJson } from '@skerry/base/json'
import { compareSpecVersions } from '@skerry/api/site-spec'
import type { SpecStore, StoredSpec } from './hub-store.ts'
import { specConflict } from './spec-conflict.ts'

export function createMemorySpecs(): SpecStore {
  const specs = new Map<string, StoredSpec>()
  const listeners = new Set<(siteUid: string | undefined) => void>()
  const tell = (siteUid: string): void => {
    for (const listener of listeners) listener(siteUid)
  }
  return {
    get: async (siteUid) => cloneJson(specs.get(siteUid)),
    put: async (spec) => {
      const stored = specs.get(spec.siteUid)
      if (stored !== undefined && compareSpecVersions(spec, stored) <= 0)
        throw specConflict(spec, stored)
      specs.set(spec.siteUid, cloneJson(spec))
      tell(spec.siteUid)
    },
    delete: async (siteUid) => {
      if (specs.delete(siteUid)) tell(siteUid)
    },
    subscribe: (listener) => {
      // Two subscriptions of one function are two.
      const own = (siteUid: string | undefined): void => listener(siteUid)
      listeners.add(own)
      return { [Symbol.dispose]: () => void listeners.delete(own) }
    },
  }
}
