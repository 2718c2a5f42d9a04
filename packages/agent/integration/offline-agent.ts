// The real agent on the real machine, with a hub that is never there.
import { systemClock } from '@skerry/base/clock'
import { createJsonLog } from '@skerry/base/log'
import { type DeviceNetwork, LinkError } from '@skerry/client/device-link'
import { runAgent } from '../src/agent.ts'
import { createRealHost } from '../src/real-host.ts'

const [data = '', modelServer = ''] = process.argv.slice(2)
const unreachable = () => Promise.reject(new LinkError('Unreachable', 'nobody answers'))
const network: DeviceNetwork = { connect: unreachable, enroll: unreachable }
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort(new Error('SIGTERM was received')))
const log = createJsonLog(systemClock, (line) => process.stderr.write(line))
const config = {
  data,
  hub: 'https://localhost:1',
  modelServer: [process.execPath, modelServer],
  heartbeatMs: 60_000,
}
try {
  await runAgent(createRealHost(log, network), config, stopping.signal)
  process.exit(0)
} catch (error) {
  log.error(String(error))
  process.exit(1)
}
