import type { SpecVersion } from '@skerry/api/site-spec'
import { ApiError } from '@skerry/api/status'
import type { StoredSpec } from './hub-store.ts'

export function specConflict(spec: StoredSpec, stored: SpecVersion): ApiError {
  return new ApiError(
    'Conflict',
    `The spec of site ${spec.site} is at revision ${stored.revision} of epoch ${stored.epoch}; ` +
      `revision ${spec.revision} of epoch ${spec.epoch} is not newer: read it again and issue the next.`,
  )
}
