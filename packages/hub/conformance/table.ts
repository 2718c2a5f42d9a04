import type { Clock } from '@skerry/base/clock'
import { toError } from '@skerry/base/assert'
import type { Random } from '@skerry/base/random'
import { type Verdict, judge } from './compare.ts'
import type { Answer, Row } from './row.ts'
import { type Run, makeNamespace, runRow, sharedNamespace } from './run-row.ts'
import { type Client, type Target, openClient } from './send.ts'

export type Doors = { readonly clock: Clock; readonly random: Random }

export type RowResult = { readonly row: Row } & (
  | { readonly ok: true; readonly verdict: Verdict; readonly answers: readonly Answer[] }
  /** Something that only prepares failed, or a server went away. */
  | { readonly ok: false; readonly problem: string }
)

/** Answers to rows, from wherever they come. */
export type Answers = AsyncDisposable & { of(row: Row): Promise<readonly Answer[]> }

/** A server that is asked now. */
export async function liveAnswers(target: Target, { clock, random }: Doors): Promise<Answers> {
  const client: Client = openClient(target)
  const run: Run = { client, clock, suffix: random.suffix(5) }
  await makeNamespace(run, sharedNamespace(run.suffix))
  return {
    of: (row) => runRow(run, row),
    [Symbol.asyncDispose]: async () => {
      const path = `/api/v1/namespaces/${sharedNamespace(run.suffix)}`
      await client.send({ method: 'DELETE', path, headers: {} })
      await client[Symbol.asyncDispose]()
    },
  }
}

export async function judgeRow(row: Row, theirs: Answers, ours: Answers): Promise<RowResult> {
  const [their, our] = await Promise.allSettled([theirs.of(row), ours.of(row)])
  if (their.status === 'rejected') return failed(row, their.reason)
  if (our.status === 'rejected') return failed(row, our.reason)
  return { row, ok: true, verdict: judge(row, their.value, our.value), answers: their.value }
}

function failed(row: Row, reason: unknown): RowResult {
  return { row, ok: false, problem: toError(reason).message }
}

export function isGreen(result: RowResult): boolean {
  return (
    result.ok && result.verdict.undocumented.length === 0 && result.verdict.vanished.length === 0
  )
}
