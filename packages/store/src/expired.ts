import { type ApiError, gone } from '@skerry/api/status'

/** In Kubernetes' words, which tell a client to list again. */
export function expired(asked: number, horizon: number): ApiError {
  return gone(`too old resource version: ${asked} (${horizon})`)
}
