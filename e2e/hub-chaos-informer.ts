import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kubeconfigThrough } from '../clients/breaking-proxy.ts'
import { findClient } from '../scripts/build-clients.ts'
import type { ChaosHub } from './hub-chaos-hub.ts'

const kinds = 'configmaps.v1.,leases.v1.coordination.k8s.io,roles.v1.rbac.authorization.k8s.io'
const readyWithinMs = 30_000
const endsWithinMs = 60_000

/** A client-go program that keeps what it hears, with resyncs, through all that happens to its hub. */
export type ChaosInformer = AsyncDisposable & {
  /** Rejects unless it has exactly what the server has. */
  finish(): Promise<void>
}

/** Why there is none here; undefined if it is built. */
export function informerProblem(): string | undefined {
  const found = findClient('informer')
  return 'missing' in found ? found.missing : undefined
}

/** Listens to one hub, through its faulty connections. */
export async function startInformer(hub: ChaosHub, folder: string): Promise<ChaosInformer> {
  const found = findClient('informer')
  if ('missing' in found) throw new Error(found.missing)
  const direct = join(folder, hub.name, 'kubeconfig')
  const file = (name: string) => join(folder, `informer-${hub.name}-${name}`)
  await kubeconfigThrough(direct, file('kubeconfig'), hub.toClients.port)
  const listens = ['--mode', 'dynamic', '--kinds', kinds, '--resync', '2s']
  const servers = ['--kubeconfig', file('kubeconfig'), '--truth-kubeconfig', direct]
  const files = ['--ready-file', file('ready'), '--until-file', file('until'), '--out', file('out')]
  const child = spawn(found.path, ['watch', ...listens, ...servers, ...files], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2000)))
  const exited = once(child, 'exit') as Promise<[number | null]>
  for (let waitedMs = 0; !(await exists(file('ready'))); waitedMs += 100) {
    if (waitedMs > readyWithinMs) throw new Error(`the informer did not list: ${said}`)
    await sleep(100)
  }
  return {
    async finish() {
      await writeFile(file('until'), '')
      const late = sleep(endsWithinMs, undefined, { ref: false }).then(() => ['late'] as const)
      const [code] = await Promise.race([exited, late])
      if (code !== 0) throw new Error(`the informer at hub ${hub.name} ended with ${code}: ${said}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  )
}
