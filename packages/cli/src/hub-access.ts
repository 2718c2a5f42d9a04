import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { createHttpState } from '@skerry/client/http-state'
import { type HubAddress, loadKubeconfig } from '@skerry/client/kubeconfig'
import { type RawRequest, createRawRequest } from '@skerry/client/raw-request'
import { CommandError, exitCodes } from './exit-code.ts'

export type HubAccess = AsyncDisposable & {
  readonly state: State & AsyncDisposable
  readonly request: RawRequest
  readonly address: HubAddress
  readonly namespace: string
}

/** Options that every command talking to the hub has. */
export type HubOptions = { readonly kubeconfig?: string; readonly namespace?: string }

/** `--kubeconfig`, then KUBECONFIG, then the one of `skerry up` in this folder, then kubectl's own. */
export function findKubeconfig(given: string | undefined): string | undefined {
  if (given !== undefined) return given
  if (process.env['KUBECONFIG'] !== undefined) return process.env['KUBECONFIG']
  const local = join('.skerry', 'kubeconfig')
  return existsSync(local) ? local : undefined
}

export async function openHub(options: HubOptions): Promise<HubAccess> {
  const address = await readAddress(findKubeconfig(options.kubeconfig))
  const state = createHttpState({ ...address, kinds, clock: systemClock })
  return {
    state,
    address,
    request: createRawRequest(address),
    namespace: options.namespace ?? address.namespace ?? 'default',
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  }
}

async function readAddress(path: string | undefined): Promise<HubAddress> {
  try {
    return await loadKubeconfig(path)
  } catch (error) {
    throw new CommandError(
      `No hub to talk to: ${error instanceof Error ? error.message : String(error)}. Start one with "npm start", or name its kubeconfig with --kubeconfig FILE.`,
      exitCodes.unreachable,
    )
  }
}
