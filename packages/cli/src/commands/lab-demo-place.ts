import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the machine and this computer call each other, and where the demo keeps its things. */
export const demo = {
  site: 'shop-1',
  fleet: 'shops',
  profile: 'shop',
  label: { fleet: 'shops' },
  /** QEMU's network gives this address to us. */
  hubForMachine: '10.0.2.2',
  hubHere: '127.0.0.1',
} as const

export type DemoVersion = '1.0.0' | '2.0.0' | '3.0.0'

export type DemoPlace = ReturnType<typeof demoPlace>

/** Images and keys are kept for the next run; hub and machine are new each time. */
export function demoPlace(data: string) {
  const directory = resolve(data)
  return {
    directory,
    keys: join(directory, 'keys'),
    passphrase: join(directory, 'keys.passphrase'),
    imageOf: (version: DemoVersion) => join(directory, 'images', version),
    hub: join(directory, 'hub'),
    hubLog: join(directory, 'hub.log'),
    /** As the hub writes it: with the address that the machine has for it. */
    hubKubeconfig: join(directory, 'hub.kubeconfig'),
    kubeconfig: join(directory, 'kubeconfig'),
    machine: join(directory, 'machine'),
    console: join(directory, 'machine', 'console.log'),
    processes: join(directory, 'processes.json'),
  }
}

export function demoSchematic(version: DemoVersion): string {
  const name = `shop-${version[0]}.yaml`
  return fileURLToPath(new URL(`../../../../examples/images/demo/${name}`, import.meta.url))
}
