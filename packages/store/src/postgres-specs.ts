import { compareSpecVersions } from '@skerry/api/site-spec'
import type { Pool } from 'pg'
import { asking } from './database-error.ts'
import type { SpecStore } from './hub-store.ts'
import { specConflict } from './spec-conflict.ts'
import { deleteSpec } from './sql/delete-spec.ts'
import { getSpec } from './sql/get-spec.ts'
import { putSpec } from './sql/put-spec.ts'

export type SpecListener = (siteUid: string | undefined) => void

export function createPostgresSpecs(pool: Pool, listeners: Set<SpecListener>): SpecStore {
  return {
    get: (siteUid) => asking(() => getSpec(pool, siteUid)),
    put: async (spec) => {
      if (await asking(() => putSpec(pool, spec))) return
      const stored = await asking(() => getSpec(pool, spec.siteUid))
      const isNewer = stored !== undefined && compareSpecVersions(stored, spec) >= 0
      throw specConflict(spec, isNewer ? stored : spec)
    },
    delete: (siteUid) => asking(() => deleteSpec(pool, siteUid)),
    subscribe: (listener) => {
      // Two subscriptions of one function are two.
      const own: SpecListener = (siteUid) => listener(siteUid)
      listeners.add(own)
      return { [Symbol.dispose]: () => void listeners.delete(own) }
    },
  }
}
