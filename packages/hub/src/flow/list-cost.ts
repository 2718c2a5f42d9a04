import type { Attributes } from '../api-server/authorization.ts'
import { knownCostsMax, listSeatsMax, seatMs, unknownPartSeats } from './limits.ts'

/** How many seats a list takes: learned from how long lists like it took. */
export type ListCost = {
  seatsOf(sort: string): number
  learn(sort: string, tookMs: number): void
}

/** What stands at the end of a sort of lists of everything. */
const wholeEnd = ' whole'

/** How much of what was known stays when something new is learned. */
const keptPart = 0.7

export function createListCost(): ListCost {
  const costs = new Map<string, number>()
  return {
    seatsOf: (sort) => {
      const ms = costs.get(sort)
      // Five hundred at once that nobody knows yet would be let in together: the first one tells.
      if (ms === undefined) return sort.endsWith(wholeEnd) ? listSeatsMax : unknownPartSeats
      return Math.min(listSeatsMax, Math.max(1, Math.round(ms / seatMs)))
    },
    learn: (sort, tookMs) => {
      const before = costs.get(sort)
      costs.set(sort, before === undefined ? tookMs : before * keptPart + tookMs * (1 - keptPart))
      if (costs.size > knownCostsMax) costs.delete(costs.keys().next().value!)
    },
  }
}

/** Lists that cost about the same: of one resource, whole or by page, chosen or not. Undefined: no list. */
export function listSortOf(attributes: Attributes, query: URLSearchParams): string | undefined {
  if (attributes.type !== 'resource') return undefined
  const { verb, group, resource, namespace = '' } = attributes
  if (verb !== 'list' && verb !== 'deletecollection') return undefined
  const isChosen = query.has('labelSelector') || query.has('fieldSelector')
  const limit = query.get('limit') ?? ''
  // Pages of about one size are of one sort, whatever numbers a client thinks of.
  const page = /^[1-9]\d{0,8}$/.test(limit) ? limit.length : 0
  const part = isChosen ? 'chosen' : page === 0 ? 'whole' : ''
  return `${group}/${resource} ${namespace} ${page} ${part}`
}
