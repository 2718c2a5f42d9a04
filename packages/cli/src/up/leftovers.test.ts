import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CommandError } from '../exit-code.ts'
import { forgetDemo } from './forget-demo.ts'
import { ProcessRecord } from './leftovers.ts'
import { identityOf, isRunning } from './process-identity.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'skerry-up-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const idle = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])

describe('what an earlier run left behind', () => {
  it('is ended, once its own command is over', async () => {
    const file = join(folder, 'over', 'processes.json')
    const left = idle()
    const identity = identityOf(left.pid!)!
    mkdirSync(join(folder, 'over'))
    const owner = { pid: left.pid!, startTicks: '1' }
    writeFileSync(file, JSON.stringify({ owner, processes: [identity] }))
    const exited = once(left, 'exit')
    assert.equal(await new ProcessRecord(file).endLeftovers(), 1)
    await exited
    assert.equal(isRunning(identity), false)
    assert.equal(await new ProcessRecord(file).endLeftovers(), 0)
  })

  it('is left alone while another command keeps it running', async () => {
    const file = join(folder, 'live', 'processes.json')
    const child = idle()
    try {
      new ProcessRecord(file).set('hub', identityOf(child.pid!)!)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      await assert.rejects(new ProcessRecord(file).endLeftovers(), (error) => {
        assert.ok(error instanceof CommandError)
        assert.match(error.message, new RegExp(`in use by another .*process ${process.pid}`))
        return true
      })
      assert.equal(isRunning(identityOf(child.pid!)!), true)
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('of a run by an older version, or torn, is no obstacle', async () => {
    const file = join(folder, 'torn.json')
    for (const text of ['[]', '[{"pid":1,"startTicks":"x"}]', '{"proc', ''])
      assert.equal(await endAfter(file, text), 0)
  })
})

function endAfter(file: string, text: string): Promise<number> {
  writeFileSync(file, text)
  return new ProcessRecord(file).endLeftovers()
}

describe('--reset', () => {
  it('removes what the command itself made, and nothing beside it', async () => {
    const data = join(folder, 'mine')
    for (const name of ['hub/keys', 'sites/depot-1', 'logs'])
      mkdirSync(join(data, name), { recursive: true })
    writeFileSync(join(data, 'processes.json'), '[]')
    writeFileSync(join(data, 'kubeconfig'), '')
    writeFileSync(join(data, 'notes.txt'), 'keep me')
    await forgetDemo(data)
    assert.deepEqual(readdirSync(data), ['notes.txt'])
  })

  it('refuses a folder that is something else, and takes one that is empty or not there', async () => {
    const data = join(folder, 'home')
    mkdirSync(join(data, 'logs'), { recursive: true })
    await assert.rejects(forgetDemo(data), /--reset.*nothing was removed/)
    assert.ok(existsSync(join(data, 'logs')))
    rmSync(join(data, 'logs'), { recursive: true })
    await forgetDemo(data)
    await forgetDemo(join(folder, 'nowhere'))
  })
})
