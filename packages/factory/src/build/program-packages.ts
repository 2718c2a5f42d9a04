import { createRequire } from 'node:module'
import type { Lock } from '../debian/lock.ts'
import type { Schematic } from '../schematic/schematic.ts'
import type { SoftwarePackage } from '../sbom/software-package.ts'
import { neededSets } from './needed-sets.ts'

/** What the agent and the kernel image take from the tree of tools. */
const takenOfTools = ['libc6', 'libgcc-s1', 'libstdc++6', 'systemd-boot-efi'] as const

/**
 * What no database of the root knows: the kernel, what the initrd is cut from, the agent and what it brings.
 * Debian's names and versions are those that lists of vulnerabilities go by.
 */
export function programPackages(schematic: Schematic, lock: Lock): SoftwarePackage[] {
  const packagesOf = (set: string) => lock.sets[set]?.packages ?? []
  const debian = [
    ...packagesOf(neededSets(schematic).kernel),
    ...packagesOf('initrd'),
    ...packagesOf('tools').filter(({ name }) => takenOfTools.some((taken) => taken === name)),
  ].map(({ name, version, architecture }): SoftwarePackage => ({
    name,
    version,
    architecture,
    type: 'deb',
    vendor: 'debian',
  }))
  const own = createRequire(import.meta.url)('../../package.json') as { version: string }
  const generic = (name: string, version: string): SoftwarePackage => ({
    name,
    version,
    type: 'generic',
  })
  return [
    ...debian,
    ...(schematic.agent
      ? [generic('node', process.versions.node), generic('skerry-agent', own.version)]
      : []),
    ...(schematic.agent && schematic.inference
      ? [generic('onnxruntime-node', onnxRuntimeVersion())]
      : []),
  ]
}

function onnxRuntimeVersion(): string {
  const resolve = createRequire(import.meta.resolve('@skerry/inference/server-main'))
  const found = resolve('onnxruntime-node/package.json') as { version?: string }
  return found.version ?? 'unknown'
}
