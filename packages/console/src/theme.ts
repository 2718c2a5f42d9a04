import { useSyncExternalStore } from 'react'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'skerry.theme'
const listeners = new Set<() => void>()
const darkQuery = window.matchMedia('(prefers-color-scheme: dark)')

function stored(): Theme {
  try {
    const name = window.localStorage.getItem(storageKey)
    return themes.find((theme) => theme === name) ?? 'system'
  } catch {
    // A browser that keeps nothing still gets the system's theme.
    return 'system'
  }
}

let current = stored()

function apply(): void {
  if (current === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = current
  for (const listener of listeners) listener()
}

export function setTheme(theme: Theme): void {
  current = theme
  try {
    window.localStorage.setItem(storageKey, theme)
  } catch {
    // It lasts as long as the page then.
  }
  apply()
}

export function startTheme(): void {
  apply()
  darkQuery.addEventListener('change', apply)
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => current)
}

/** Whether the page is dark now, whoever decided it. */
export function useIsDark(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => current === 'dark' || (current === 'system' && darkQuery.matches),
  )
}
