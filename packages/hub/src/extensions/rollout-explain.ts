import type { Rollout } from '@skerry/api/kinds/rollout'
import { badRequest } from '@skerry/api/status'
import { explainFromStatus } from '@skerry/rollout/explain-site'
import type { SubresourceHandler } from '../api-server/extension.ts'

/** `GET …/rollouts/NAME/explain?site=NAME`: why a site is where it is and what it waits for. */
export const rolloutExplainHandler: SubresourceHandler = {
  verbs: ['get'],
  handle: async ({ object, query }) => {
    const site = query.get('site')
    if (site === null || site === '') throw badRequest('site must be named, as in ?site=depot-1.')
    const rollout = object as unknown as Rollout
    return {
      rollout: rollout.metadata.name,
      site,
      message: explainFromStatus(rollout, site),
    }
  },
}
