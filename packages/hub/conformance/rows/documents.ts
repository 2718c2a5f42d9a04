import { rowsAbout } from '../objects.ts'
import type { Row } from '../row.ts'

const one = rowsAbout('document')

/** Lists of everything that a server has are its own; what is compared is what both have. */
export const documentRows: readonly Row[] = [
  one('of the core versions', '/api'),
  one('of the leases', '/apis/coordination.k8s.io/v1'),
  one('of a group', '/apis/coordination.k8s.io'),
  one('of a group, with a slash', '/apis/coordination.k8s.io/'),
  one('of the events', '/apis/events.k8s.io/v1'),
  one('of the core versions by HEAD', 'HEAD /api'),
  one('healthz', { ask: '/healthz', accept: '*/*' }),
  one('livez', { ask: '/livez', accept: '*/*' }),
  one('readyz', { ask: '/readyz', accept: '*/*' }),
  one('healthz as JSON', '/healthz'),
  one('a single check', { ask: '/readyz/ping', accept: '*/*' }),
  one('a single check of livez', { ask: '/livez/ping', accept: '*/*' }),
  one('a single check that is not there', { ask: '/readyz/nonsense', accept: '*/*' }),
  one('a check without the checks that matter', {
    ask: '/livez?verbose&exclude=nonsense',
    accept: '*/*',
  }),
  one('readyz by HEAD', { ask: 'HEAD /readyz', accept: '*/*' }),
  one('readyz by POST', { ask: 'POST /readyz', accept: '*/*' }),
  one('version by POST', { ask: 'POST /version', accept: '*/*' }),
  one('openapi below nothing', '/openapi/v9'),
  one('openapi v3 of a group that is not there', '/openapi/v3/apis/nonsense/v1'),
]
