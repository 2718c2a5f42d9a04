import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { DiskError } from './host.ts'
import { openAgentState } from './state/agent-state.ts'
import { createFakeHost } from './testing/fake-host.ts'
import { config, startAgent } from './testing/fake-site.ts'
import { runAgent } from './agent.ts'

const kept = { key: 'the key of this device', request: 'its request' }

/** A device that was given its key and a join token, on a disk that fails to read some files. */
async function deviceWithKey(isUnreadable: (path: string) => boolean) {
  const host = createFakeHost()
  await host.disk.mkdir('/data')
  await (await openAgentState(host.disk, '/data', silentLog)).key.write(kept)
  const read: typeof host.disk.read = async (path) => {
    if (isUnreadable(path)) throw new DiskError('Broken', 'the disk does not read')
    return host.disk.read(path)
  }
  return { host, failing: { ...host, disk: { ...host.disk, read } } }
}

test('a key that cannot be read just now is not made anew: the device would not be known any more', async () => {
  let isBad = true
  const { host, failing } = await deviceWithKey((path) => isBad && path.endsWith('key.json'))
  const asked: string[] = []
  host.hub.enroll = ({ request }) => {
    asked.push(request)
    return { phase: 'Pending', message: 'a person must approve' }
  }
  const stopping = new AbortController()
  const join = { name: 'all', secret: 'x'.repeat(16), authorityDigest: '0'.repeat(64) }
  const ended = runAgent(failing, { ...config, join }, stopping.signal)
  await host.advance(5000)
  assert.deepEqual(asked, [], 'nothing is asked with a key that nobody knows')
  isBad = false
  await host.advance(60_000)
  assert.equal(asked[0], kept.request)
  stopping.abort(new Error('stop'))
  await host.advance(2500)
  await ended
  const state = await openAgentState(host.disk, '/data', silentLog)
  assert.deepEqual(await state.key.read(), kept)
})

test('an enrolment that cannot be read is not taken for none: the agent ends and is started again', async () => {
  const { host } = await startAgent()
  const read: typeof host.disk.read = async (path) => {
    if (path.endsWith('enrolment.json')) throw new DiskError('Broken', 'the disk does not read')
    return host.disk.read(path)
  }
  const failing = { ...host, disk: { ...host.disk, read } }
  await assert.rejects(runAgent(failing, config, new AbortController().signal), DiskError)
})
