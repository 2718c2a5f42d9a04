import { type ApiError, gone } from '@skerry/api/status'

export function expired(horizon: number): ApiError {
  return gone(`Changes up to ${horizon} are no longer kept: list again and watch from there.`)
}
