import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { hubUsage, parseHubOptions } from './hub-options.ts'
import { createJsonLog } from './json-log.ts'
import { openHub } from './open-hub.ts'

const log = createJsonLog(process.stderr, systemClock)
const parsed = parseHubOptions(process.argv.slice(2), process.env)

if (parsed.ok) {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop())
  try {
    await using hub = await openHub(parsed.options, {
      clock: systemClock,
      random: systemRandom,
      log,
    })
    log.info('The hub is ready.', { server: hub.server, gateway: hub.gateway })
    await stopped
    log.info('The hub stops.')
  } catch (thrown) {
    log.error(toError(thrown).message, { stack: toError(thrown).stack })
    process.exitCode = 1
  }
} else {
  process.stderr.write(`hub: ${parsed.message}\n\n${hubUsage}`)
  process.exitCode = 2
}
