import { createRequire } from 'node:module'
import type { Schematic } from '../schematic/schematic.ts'
import type { SoftwarePackage } from '../sbom/software-package.ts'

/** What no database of the root knows: the kernel, the agent and what it brings. */
export function programPackages(schematic: Schematic, kernelVersion: string): SoftwarePackage[] {
  const kernel: SoftwarePackage = { name: 'linux', version: kernelVersion, type: 'generic' }
  if (!schematic.agent) return [kernel]
  const generic = (name: string, version: string): SoftwarePackage => ({
    name,
    version,
    type: 'generic',
  })
  const own = createRequire(import.meta.url)('../../package.json') as { version: string }
  return [
    kernel,
    generic('node', process.versions.node),
    generic('skerry-agent', own.version),
    ...(schematic.inference ? [generic('onnxruntime-node', onnxRuntimeVersion())] : []),
  ]
}

function onnxRuntimeVersion(): string {
  const resolve = createRequire(import.meta.resolve('@skerry/inference/server-main'))
  const found = resolve('onnxruntime-node/package.json') as { version?: string }
  return found.version ?? 'unknown'
}
