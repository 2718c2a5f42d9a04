import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { crdOfKind } from '@skerry/api/crd-of-kind'
import { siteKind } from '@skerry/api/kinds/site'
import { loadKubeconfig } from '@skerry/client/kubeconfig'
import { Http1Connection, type Target } from './lib-http1.ts'
import { withChildren } from './lib-processes.ts'

/** A server of the Kubernetes API as real processes, durable, on a disk. */
export type ApiServerProcess = AsyncDisposable & {
  readonly name: 'hub' | 'kube-apiserver'
  readonly target: Target
  /** Everything that must run. */
  pids(): number[]
  /** Ends it and starts it again; milliseconds until it is ready and a site can be read. */
  restart(): Promise<number>
}

const clusterScript =
  process.env['KUBERNETES_CLUSTER'] ?? join(import.meta.dirname, '../../shared/kubernetes/cluster')

/** Whether the peer is here; without it there is nothing to compare with. */
export const hasPeer = existsSync(clusterScript)

/** kube-apiserver with etcd, as `shared/kubernetes` starts them; its controller manager is stopped. */
export async function startKube(dir: string, port: number): Promise<ApiServerProcess> {
  const cluster = (...args: string[]) => execFileSync(clusterScript, args, { stdio: 'ignore' })
  const up = () => cluster('up', dir, '--port', String(port))
  const pid = (name: string) => Number(readFileSync(join(dir, `${name}.pid`), 'utf8'))
  up()
  const target = await targetOf(join(dir, 'admin.kubeconfig'))
  const withoutControllers = () => process.kill(pid('kube-controller-manager'), 'SIGTERM')
  withoutControllers()
  await defineSites(target)
  return {
    name: 'kube-apiserver',
    target,
    pids: () => [pid('kube-apiserver'), pid('etcd')],
    async restart() {
      cluster('down', dir)
      const startMs = performance.now()
      const starting = spawn(clusterScript, ['up', dir, '--port', String(port)], {
        stdio: 'ignore',
      })
      const ended = new Promise((resolve) => starting.once('close', resolve))
      await answers(target)
      const tookMs = performance.now() - startMs
      await ended
      withoutControllers()
      return tookMs
    },
    [Symbol.asyncDispose]: async () => {
      cluster('down', dir)
    },
  }
}

const hubProgram = join(import.meta.dirname, '../packages/hub/src/main.ts')

/** The hub with its controllers and its own PostgreSQL. */
export async function startHub(
  data: string,
  port: number,
  nodeOptions: readonly string[] = [],
): Promise<ApiServerProcess> {
  mkdirSync(data, { recursive: true })
  const kubeconfig = join(data, 'kubeconfig')
  const spawnHub = (): ChildProcess =>
    spawn(process.execPath, [...nodeOptions, hubProgram, '--data', data, '--port', String(port)], {
      stdio: ['ignore', 'ignore', 'ignore'],
      // As `skerry up` starts it.
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    })
  let child = spawnHub()
  for (let waited = 0; !existsSync(kubeconfig) && waited < 600; waited += 1) await sleep(100)
  const target = await targetOf(kubeconfig)
  await answers(target)
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  }
  return {
    name: 'hub',
    target,
    pids: () => withChildren([child.pid!]),
    async restart() {
      await stop()
      const startMs = performance.now()
      child = spawnHub()
      await answers(target)
      return performance.now() - startMs
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function targetOf(kubeconfig: string): Promise<Target> {
  const address = await loadKubeconfig(kubeconfig)
  const { hostname, port } = new URL(address.server)
  return {
    host: hostname,
    port: Number(port),
    ca: address.authority!,
    cert: address.clientCertificate!,
    key: address.clientKey!,
  }
}

/** Resolves when the server says that it is ready and lists sites. */
async function answers(target: Target): Promise<void> {
  for (let tries = 0; tries < 6_000; tries += 1) {
    try {
      const connection = await Http1Connection.open(target)
      const ready = await connection.send('GET', '/readyz')
      const listed = await connection.send(
        'GET',
        '/apis/skerry.dev/v1alpha1/namespaces/default/sites?limit=1',
      )
      connection.close()
      if (ready.status === 200 && listed.status === 200) return
    } catch {
      // It does not listen yet.
    }
    await sleep(20)
  }
  throw new Error('The server did not become ready.')
}

/** Our kind as a custom resource. */
async function defineSites(target: Target): Promise<void> {
  const connection = await Http1Connection.open(target)
  await connection.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    body: JSON.stringify(crdOfKind(siteKind)),
  })
  connection.close()
  await answers(target)
}
