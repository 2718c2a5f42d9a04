import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { makeDirectory } from '@skerry/artifact/make-directory'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { createJsonLog } from '@skerry/base/log'
import { createDeviceNetwork } from '@skerry/client/device-connection'
import type { AgentConfig } from './agent-config.ts'
import { runAgent } from './agent.ts'
import { createRealHost } from './real-host.ts'

/** The agent on a machine that is not ours, until the signal; its log goes to standard error. False if it failed. */
export async function runInDirectory(config: AgentConfig, signal: AbortSignal): Promise<boolean> {
  const log = createJsonLog(systemClock, (line) => process.stderr.write(line))
  const host = createRealHost(log, createDeviceNetwork({ clock: systemClock }))
  try {
    const data = await ownDirectory(config.data)
    log.info('The agent starts', { data, hub: config.hub, pid: process.pid })
    await runAgent(host, { ...config, data }, signal)
    log.info('The agent has ended')
    return true
  } catch (error) {
    log.error(toError(error).message, { error: toError(error).stack })
    return false
  }
}

function ownDirectory(path: string): Promise<string> {
  return tellStorageErrors(path, async () => {
    makeDirectory(resolve(path))
    return realpath(path)
  })
}
