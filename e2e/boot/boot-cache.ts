import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where images, machines and results of the boot tests are kept: beside the factory's cache. */
export function bootCacheDirectory(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return process.env['SKERRY_BOOT_TESTS'] ?? join(caches, 'skerry', 'boot-tests')
}
