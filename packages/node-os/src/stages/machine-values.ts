import type { TemplateValues } from '../cloud-config/template.ts'
import { type StageHost, readText } from './stage-host.ts'

/** What templates and conditions can ask of this machine. */
export function machineValues(host: StageHost): TemplateValues {
  const line = (path: string) => {
    try {
      return (readText(host, path) ?? '').trim()
    } catch {
      // Some of these only root may read, and some firmware leaves them out.
      return ''
    }
  }
  const machineId = line('/etc/machine-id')
  const release = osRelease(host)
  const product = (name: string) => line(`/sys/class/dmi/id/product_${name}`)
  const memory = /^MemTotal:\s+(\d+) kB/m.exec(line('/proc/meminfo'))?.[1]
  const processors = line('/proc/cpuinfo')
  const architecture = goArchitecture(host.architecture)
  return {
    MachineID: machineId,
    UUID: host.random.uuid(),
    Random: host.random.uuid().replaceAll('-', ''),
    Values: {
      node: { hostname: line('/proc/sys/kernel/hostname'), machineid: machineId },
      os: {
        name: release.get('PRETTY_NAME') ?? '',
        vendor: release.get('ID') ?? '',
        version: release.get('VERSION_ID') ?? '',
        architecture,
      },
      kernel: { release: line('/proc/sys/kernel/osrelease'), architecture },
      product: {
        name: product('name'),
        vendor: line('/sys/class/dmi/id/sys_vendor'),
        version: product('version'),
        serial: product('serial'),
        uuid: product('uuid'),
      },
      memory: { size: Math.floor(Number(memory ?? 0) / 1024) },
      cpu: {
        cpus: processors.match(/^processor\s*:/gm)?.length ?? 1,
        model: /^model name\s*:\s*(.*)$/m.exec(processors)?.[1] ?? '',
      },
    },
  }
}

export function osRelease(host: StageHost): ReadonlyMap<string, string> {
  const text = readText(host, '/etc/os-release') ?? readText(host, '/usr/lib/os-release') ?? ''
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const found = /^([A-Z_]+)=(.*)$/.exec(line.trim())
    if (found !== null) values.set(found[1]!, found[2]!.replace(/^(["'])(.*)\1$/, '$2'))
  }
  return values
}

/** Kairos names processors as Go does. */
export const goArchitecture = (name: string) => (name === 'x64' ? 'amd64' : name)
