import type { HubOptions } from './hub-options.ts'

/** How this hub is called in a URL: its first name, or its address. */
export function urlHost({ names, host }: Pick<HubOptions, 'names' | 'host'>): string {
  const name = names[0] ?? (host === '0.0.0.0' || host === '::' ? 'localhost' : host)
  return name.includes(':') ? `[${name}]` : name
}
