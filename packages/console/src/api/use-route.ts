import { useMemo, useSyncExternalStore } from 'react'
import { type Route, parseRoute } from '../routes.ts'

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useRoute(): Route | undefined {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash)
  return useMemo(() => parseRoute(hash), [hash])
}

/** Goes to an address without leaving the present one in the history. */
export function replaceAddress(href: string): void {
  try {
    window.history.replaceState(null, '', href)
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  } catch {
    // Safari refuses more than a hundred of these in half a minute.
    window.location.replace(href)
  }
}
