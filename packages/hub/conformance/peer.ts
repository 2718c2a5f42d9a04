import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { loadKubeconfig } from '@skerry/client/kubeconfig'
import type { Target } from './send.ts'

const run = promisify(execFile)

/** The script that starts a Kubernetes; `KUBERNETES_CLUSTER` names another. */
const script =
  process.env['KUBERNETES_CLUSTER'] ??
  resolve(import.meta.dirname, '../../../../shared/kubernetes/cluster')

export type Peer = AsyncDisposable & { readonly target: Target }

/** Why there is no Kubernetes to ask; undefined if there is one. */
export function peerProblem(): string | undefined {
  return process.env['CONFORMANCE_KUBECONFIG'] !== undefined || existsSync(script)
    ? undefined
    : `there is no ${script}: name a cluster in CONFORMANCE_KUBECONFIG or a script that starts one in KUBERNETES_CLUSTER`
}

/** The cluster that CONFORMANCE_KUBECONFIG names, or one that lives as long as this is held. */
export async function openPeer(): Promise<Peer> {
  const running = process.env['CONFORMANCE_KUBECONFIG']
  if (running !== undefined)
    return { target: await targetOf('kubernetes', running), [Symbol.asyncDispose]: async () => {} }
  const dir = await mkdtemp(join(tmpdir(), 'sk-peer-'))
  const stop = async (): Promise<void> => {
    await run(script, ['down', dir])
    await rm(dir, { recursive: true, force: true })
  }
  try {
    // Output inherited by what it starts would keep a pipe open for ever.
    await run(script, ['up', dir, '--port', String(await freePort())])
    return {
      target: await targetOf('kubernetes', join(dir, 'admin.kubeconfig')),
      [Symbol.asyncDispose]: stop,
    }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

export async function targetOf(label: string, kubeconfig: string): Promise<Target> {
  const { server, authority, clientCertificate, clientKey } = await loadKubeconfig(kubeconfig)
  return { label, url: server, authority, certificate: clientCertificate, key: clientKey }
}

/** A port such that the two that the script takes 10,000 above it are likely free as well. */
async function freePort(): Promise<number> {
  for (let port = 21_000 + (process.pid % 4000); ; port += 7)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}
