import { nodePaths } from '@skerry/api/os/os-layout'
import { configBytesMax, configFilesMax } from '../cloud-config/limits.ts'
import { mergeConfigs, type MergedConfig } from '../cloud-config/merge-configs.ts'
import { parseConfig } from '../cloud-config/parse-config.ts'
import { driveCopyPath } from './config-drive.ts'
import { sourceDepthMax } from './limits.ts'
import type { StageHost } from './stage-host.ts'

/** Later ones add to earlier ones, and win where both say the same. */
export const sourceFolders = [
  '/system/oem',
  nodePaths.imageConfig,
  nodePaths.dataConfig,
  driveCopyPath,
] as const

/** All configuration of this machine, as it lies there now. */
export function readConfigs(host: StageHost): MergedConfig {
  return mergeConfigs(
    sourceFolders
      .flatMap((folder) => configFiles(host, folder, 0))
      .slice(0, configFilesMax)
      .map((file) =>
        parseConfig(host.readAt(file, 0, configBytesMax + 1) ?? new Uint8Array(), file),
      ),
  )
}

/** Files and folders by their names, as Kairos walks them. */
function configFiles(host: StageHost, folder: string, depth: number): string[] {
  if (depth > sourceDepthMax) return []
  return host
    .list(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const path = `${folder}/${name}`
      const facts = host.look(path)
      if (facts?.kind === 'directory' && facts.linkTo === undefined)
        return configFiles(host, path, depth + 1)
      return facts?.kind === 'file' && /\.ya?ml$/.test(name) ? [path] : []
    })
}
