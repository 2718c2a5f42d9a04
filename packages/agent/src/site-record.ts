import type { SiteLayer, SpecVersion } from '@skerry/api/site-spec'
import { equalJson } from '@skerry/base/json'
import type { FailedContent, KeptLayer } from '@skerry/planner/site-state'
import { failuresMax } from './limits.ts'
import { type AgentState, type AppliedState, keepLayer, withFailure } from './state/agent-state.ts'

/** What the agent remembers of its site: what ran well, what failed, which spec ran in full. */
export type SiteRecord = {
  failures(): readonly FailedContent[]
  applied(): SpecVersion | undefined
  kept(): Readonly<Record<string, KeptLayer>>
  noteFailure(failure: FailedContent): Promise<void>
  noteApplied(version: SpecVersion): Promise<void>
  noteGood(content: SiteLayer): Promise<void>
  forgetLayer(layer: string): Promise<void>
}

export async function loadSiteRecord(state: AgentState): Promise<SiteRecord> {
  let failures = (await state.failures.read()) ?? []
  let applied: AppliedState = (await state.applied.read()) ?? { kept: {} }
  // Memory first: on a disk that is full the agent still knows what it did.
  const write = (next: AppliedState): Promise<void> => {
    const isSame = equalJson(next, applied)
    applied = next
    return isSame ? Promise.resolve() : state.applied.write(next)
  }
  return {
    failures: () => failures,
    applied: () => applied.version,
    kept: () => applied.kept,
    noteFailure(failure) {
      failures = withFailure(failures, failure, failuresMax)
      return state.failures.write(failures)
    },
    noteApplied: (version) => write({ ...applied, version }),
    noteGood(content) {
      const good = keepLayer(applied.kept[content.name], content)
      return write({ ...applied, kept: { ...applied.kept, [content.name]: good } })
    },
    forgetLayer(layer) {
      const { [layer]: _, ...kept } = applied.kept
      return write({ ...applied, kept })
    },
  }
}
