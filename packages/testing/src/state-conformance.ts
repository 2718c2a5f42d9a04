import { describe } from 'node:test'
import { describeLists } from './state-conformance-lists.ts'
import { describeRaces } from './state-conformance-races.ts'
import type { OpenState } from './state-conformance-tools.ts'
import { describeWatches } from './state-conformance-watches.ts'
import { describeWrites } from './state-conformance-writes.ts'

/**
 * What every `State` does: memory, PostgreSQL and the HTTP client are held to these tests alike, so
 * that a controller cannot tell whether it runs inside the hub or across the network. `open` gives a
 * state with nothing in it but the namespace `default`.
 */
export function describeState(name: string, open: OpenState): void {
  describe(`State: ${name}`, () => {
    describeWrites(open)
    describeLists(open)
    describeWatches(open)
    describeRaces(open)
  })
}
