import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { describeDifferences, docsFile } from '../conformance/describe-differences.ts'
import { describeResult } from '../conformance/describe-result.ts'
import { openHubProcess } from '../conformance/hubs.ts'
import { openPeer, peerProblem } from '../conformance/peer.ts'
import { recordedTable } from '../conformance/recorded-table.ts'
import { rows, strayDifferences } from '../conformance/rows.ts'
import { type Answers, isGreen, judgeRow, liveAnswers } from '../conformance/table.ts'

const doors = { clock: systemClock, random: systemRandom }
const missing = peerProblem()

describe('the conformance table', () => {
  const stack = new AsyncDisposableStack()
  let theirs: Answers
  let ours: Answers

  before(async () => {
    if (missing === undefined) {
      const peer = stack.use(await openPeer())
      theirs = stack.use(await liveAnswers(peer.target, doors))
    } else {
      process.stdout.write(`${missing}; the table is judged by what was recorded\n`)
      theirs = await recordedTable()
    }
    const hub = stack.use(await openHubProcess())
    ours = stack.use(await liveAnswers(hub.target, doors))
  })
  after(() => stack.disposeAsync())

  it('has rows enough, each with a name of its own', () => {
    assert.ok(rows.length >= 250, `there are ${rows.length}`)
    assert.deepEqual(strayDifferences, [])
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length)
  })

  it('has its differences listed in docs/kubernetes-api.md', async () => {
    assert.equal(await readFile(docsFile, 'utf8'), describeDifferences(), 'run main.ts --docs')
  })

  for (const row of rows)
    it(row.name, async () => {
      const result = await judgeRow(row, theirs, ours)
      assert.ok(isGreen(result), `\n${describeResult(result)}`)
    })
})
