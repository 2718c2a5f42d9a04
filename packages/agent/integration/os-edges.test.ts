import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog } from '@skerry/base/log'
import type { DeviceNetwork } from '@skerry/client/device-link'
import { readTrustedKeys } from '../src/os/real-image-machine.ts'
import { openWatchdog } from '../src/os/real-watchdog.ts'
import { runCheck } from '../src/os/run-check.ts'
import { createRealHost } from '../src/real-host.ts'

const folder = await mkdtemp(join(tmpdir(), 'skerry-os-edges-'))
after(() => rm(folder, { recursive: true, force: true }))
const never = () => Promise.reject(new Error('no hub here'))
const network: DeviceNetwork = { connect: never, enroll: never }
const host = createRealHost(silentLog, network)
const running = new AbortController().signal
const check = (script: string, limitMs = 10_000) =>
  runCheck(host, { name: 'pump', command: ['/bin/sh', '-c', script], limitMs }, running)

it('a check is judged by its exit code, and its last words are told', async () => {
  assert.equal(await check('exit 0'), undefined)
  assert.equal(
    await check('echo first; echo the pump is cold >&2; exit 3'),
    'the check "pump" failed: it ended with exit code 3: the pump is cold',
  )
  assert.match((await check('kill -9 $$')) ?? '', /ended by SIGKILL/)
  const missing = { name: 'none', command: ['/no/such/program'], limitMs: 1000 }
  assert.match((await runCheck(host, missing, running)) ?? '', /could not be started/)
})

it('a check that hangs is ended with all that it started', async () => {
  const pidFile = join(folder, 'pid')
  const problem = await check(`sleep 300 & echo $! > ${pidFile}; wait`, 500)
  assert.match(problem ?? '', /did not end within 0.5 s and was ended/)
  const pid = (await readFile(pidFile, 'utf8')).trim()
  assert.match(pid, /^\d+$/)
  for (let tries = 0; tries < 50; tries += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (stat === '' || / Z /.test(stat)) return
    await sleep(20)
  }
  assert.fail(`process ${pid} lives on`)
})

it('the watchdog is fed without the character that would stop it', async () => {
  const path = join(folder, 'watchdog')
  const device = await openWatchdog(path)
  await device.feed()
  await device.feed()
  assert.deepEqual([...(await readFile(path))], [0, 0])
  await assert.rejects(openWatchdog(join(folder, 'none', 'watchdog')), /ENOENT/)
})

it('keys that cannot be believed are none', async () => {
  const path = join(folder, 'keys.json')
  const keys = [{ keyid: 'a', publicKey: 'b' }]
  for (const [text, expected] of [
    [JSON.stringify(keys), keys],
    ['[{"keyid": 7}]', []],
    ['{"keyid": "a"}', []],
    ['nonsense', []],
  ] as const) {
    await writeFile(path, text)
    assert.deepEqual(await readTrustedKeys(silentLog, path), expected)
  }
  assert.deepEqual(await readTrustedKeys(silentLog, `${path}.missing`), [])
})
