import { type Clock, systemClock } from '@skerry/base/clock'
import { createHubConnection } from './hub-connection.ts'
import type { HubAddress } from './kubeconfig.ts'

/**
 * One request to a path of the hub, for what is no object: subresources, `/readyz`, `/auth/...`. The
 * answer is JSON, or text if the hub sends no JSON. Rejects with ApiError.
 */
export type RawRequest = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<unknown>

export function createRawRequest(address: HubAddress, clock: Clock = systemClock): RawRequest {
  return async (method, path, body) => {
    using connection = createHubConnection(address, clock)
    const type: Record<string, string> =
      method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {}
    // Awaited here: the connection is closed when this block is left.
    return await connection.send({
      method,
      path,
      headers: type,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
}
