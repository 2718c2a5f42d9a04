// The conformance table against Kubernetes and a hub:
//   node packages/hub/conformance/main.ts [--only TEXT] [--verbose] [--record] [--recorded] [--memory]
// --record keeps what Kubernetes answers, --recorded judges by what was kept, --memory asks the API
// server alone instead of a whole hub. CONFORMANCE_KUBECONFIG names a Kubernetes that is running.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { describeDifferences, docsFile } from './describe-differences.ts'
import { describeResult } from './describe-result.ts'
import { openHubProcess, openMemoryHub } from './hubs.ts'
import { openPeer, peerProblem } from './peer.ts'
import { writeRecording } from './recording.ts'
import { recordedTable } from './recorded-table.ts'
import { rows } from './rows.ts'
import { type Answers, type RowResult, isGreen, judgeRow, liveAnswers } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    verbose: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    recorded: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
  },
})
if (values.docs) {
  await writeFile(docsFile, describeDifferences())
  process.exit(0)
}
const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const doors = { clock: systemClock, random: systemRandom }

await using stack = new AsyncDisposableStack()
const theirs = await openTheirs()
const hub = stack.use(await (values.memory ? openMemoryHub() : openHubProcess()))
const ours = stack.use(await liveAnswers(hub.target, doors))
const results: RowResult[] = []
for (const row of rows.filter(({ name }) => name.includes(values.only))) {
  const result = await judgeRow(row, theirs, ours)
  results.push(result)
  if (!isGreen(result)) say(describeResult(result))
  else if (values.verbose) say(`✓ ${row.name}`)
  if (values.verbose && result.ok) say(JSON.stringify(result.answers, undefined, 1))
}
const green = results.filter(isGreen)
say(`${green.length} of ${results.length} rows agree`)
if (values.record)
  await writeRecording(
    'kube-apiserver 1.36',
    results.flatMap((result) => (result.ok ? [result] : [])),
  )
process.exitCode = green.length === results.length ? 0 : 1

async function openTheirs(): Promise<Answers> {
  if (values.recorded) return recordedTable()
  const problem = peerProblem()
  if (problem !== undefined) throw new Error(`${problem}; or say --recorded`)
  const peer = stack.use(await openPeer())
  return stack.use(await liveAnswers(peer.target, doors))
}
