import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { plantedBugs } from '../src/plant-bug.ts'

const main = join(import.meta.dirname, '../src/main.ts')
const seedsOfGate = 12
const seedsOfBug = 4

type Run = { readonly isWell: boolean; readonly said: string }

/** Runs the simulator in a process of its own. */
async function simulate(
  args: readonly string[],
  { node = [], env = {} }: { readonly node?: readonly string[]; readonly env?: object } = {},
): Promise<Run> {
  const options = { env: { ...process.env, ...env } }
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...node, main, ...args],
      options,
    )
    return { isWell: true, said: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    assert.equal(code, 1, stderr)
    return { isWell: false, said: stdout }
  }
}

describe('a fleet to which everything happens', () => {
  it(`is well on the first ${seedsOfGate} seeds`, async () => {
    const { isWell, said } = await simulate(['--seeds', String(seedsOfGate)])
    assert.ok(isWell, said)
    assert.equal(said.trim().split('\n').length, seedsOfGate)
  })

  it('is the same to the byte in another process, with other hashes and in another time zone', async () => {
    const args = ['--seed', '3']
    const one = await simulate(args, { node: ['--hash-seed=1'], env: { TZ: 'Pacific/Chatham' } })
    const other = await simulate(args, { node: ['--hash-seed=2'], env: { TZ: 'America/Lima' } })
    assert.equal(one.said, other.said)
    assert.match(one.said, /[0-9a-f]{64}\n$/)
  })

  it('is another one on another seed', async () => {
    const digestOf = ({ said }: Run) => /[0-9a-f]{64}/.exec(said)?.[0]
    const [one, other] = [await simulate(['--seed', '1']), await simulate(['--seed', '2'])]
    assert.notEqual(digestOf(one), digestOf(other))
  })
})

describe('a bug that is put into the product', () => {
  for (const [name, { caughtBy }] of Object.entries(plantedBugs))
    it(`${name} is caught by the rule ${caughtBy}, with the command that replays it`, async () => {
      const { isWell, said } = await simulate(['--seeds', String(seedsOfBug), '--plant', name])
      assert.equal(isWell, false, `the bug was not noticed:\n${said}`)
      assert.match(said, new RegExp(`s: ${caughtBy}: `))
      assert.match(said, new RegExp(`replay: node .*main\\.ts --seed \\d+ .*--plant ${name}\n`))
    })

  it('is made smaller until nothing can be left out, and the smaller run fails alike', async () => {
    const { said } = await simulate(['--seed', '1', '--plant', 'no-sync', '--shrink'])
    const without = /--without ([\d,]+)/.exec(said)?.[1]
    assert.ok(without !== undefined, said)
    const again = await simulate(['--seed', '1', '--plant', 'no-sync', '--without', without])
    assert.equal(again.isWell, false, 'the command that is printed fails as well')
    const faults = said.split('\n').filter((line) => /^ {2}\d+ s: /.test(line))
    assert.equal(faults.length, 1, said)
  })
})
