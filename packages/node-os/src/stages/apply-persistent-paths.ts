import { dirname } from 'node:path/posix'
import { nodePaths } from '@skerry/api/os/os-layout'
import { toolMs } from './limits.ts'
import { type StageHost, busyboxPath, readText, rootOwned, type Tell } from './stage-host.ts'

const kept = `${nodePaths.data}/bind`
const staging = `${nodePaths.data}/.new-config`

/** Kept as a whole already, or thrown away as a whole. */
const elsewhere = [
  '/var',
  '/data',
  '/usr',
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/tmp',
  '/efi',
  '/boot',
]

/**
 * Folders that outlive a reboot, as the initrd keeps those that the image names: copied to the data partition
 * beside their place, made durable, renamed, then bound. Whenever the power goes, a folder is there whole or
 * not at all.
 */
export async function applyPersistentPaths(
  host: StageHost,
  paths: readonly string[],
  tell: Tell,
): Promise<void> {
  if (paths.length === 0) return
  const mounts = (readText(host, '/proc/self/mounts') ?? '')
    .split('\n')
    .map((line) => line.split(' ')[1])
  if (!mounts.includes(nodePaths.data))
    return tell(
      'persistentPaths: there is no data partition now, so they are lost at the next restart',
    )
  for (const path of paths) {
    const refusal = refuse(path)
    if (refusal !== undefined) tell(`persistentPaths: ${path} is not kept: ${refusal}`)
    else if (!mounts.includes(path)) await keep(host, path, tell)
  }
}

function refuse(path: string): string | undefined {
  if (!/^(\/[A-Za-z0-9._@+-]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path))
    return 'give an absolute path without spaces, "." and ".."'
  if (path === '/etc' || elsewhere.some((each) => path === each || path.startsWith(`${each}/`)))
    return 'it is kept or thrown away as a whole already'
  return undefined
}

async function keep(host: StageHost, path: string, tell: Tell): Promise<void> {
  const place = `${kept}${path}`
  const tool = async (...words: readonly string[]): Promise<boolean> => {
    const result = await host.run({ command: [busyboxPath, ...words], deadlineMs: toolMs })
    if (!result.ok)
      tell(`persistentPaths: ${path} is not kept: ${result.output.trim() || result.message}`)
    return result.ok
  }
  // Fails on a root that is read-only: such a folder belongs into the image.
  host.makeDirectory(path, rootOwned(0o755))
  if (host.look(path)?.kind !== 'directory' || host.look(path)?.linkTo !== undefined)
    return tell(`persistentPaths: ${path} is not kept: it is no folder`)
  if (host.look(place) === undefined) {
    host.makeDirectory(dirname(place), rootOwned(0o755))
    const isCopied =
      (await tool('rm', '-rf', staging)) &&
      (await tool('cp', '-a', path, staging)) &&
      (await tool('sync', '-f', nodePaths.data)) &&
      (await tool('mv', staging, place)) &&
      (await tool('sync', '-f', nodePaths.data))
    if (!isCopied) return
  }
  await tool('mount', '-o', 'bind', place, path)
}
