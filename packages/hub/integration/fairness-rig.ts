import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { configMapKind } from '@skerry/api/kinds/core'
import { systemClock } from '@skerry/base/clock'
import { loadKubeconfig } from '@skerry/client/kubeconfig'
import { startHub, temporaryFolder } from './hub-process.ts'

const objects = 1000
const path = '/api/v1/namespaces/default/configmaps'

export type Fairness = {
  readonly aloneP99Ms: number
  /** While five hundred connections are made. */
  readonly arrivingP99Ms: number
  readonly besideP99Ms: number
  /** How often the greedy client was answered with which code. */
  readonly greedyCodes: Readonly<Record<string, number>>
}

/** One client that asks for 500 lists at a time, and what another notices of it, at a real hub. */
export async function measureFairness(): Promise<Fairness> {
  using folder = temporaryFolder()
  await using hub = startHub('--data', folder.path, '--port', '0', '--gateway-port', '0')
  await using state = await hub.ready()
  for (let at = 0; at < objects; at += 100)
    await Promise.all(
      Array.from({ length: 100 }, (_, of) =>
        state.create(configMapKind, {
          metadata: { namespace: 'default', name: `c${at + of}` },
          data: { filler: 'x'.repeat(4000) },
        }),
      ),
    )
  const address = await loadKubeconfig(join(folder.path, 'kubeconfig'))
  const { authority: ca = '', clientCertificate: cert = '', clientKey: key = '' } = address
  const port = Number(new URL(address.server).port)
  const agent = new Agent({ keepAlive: true, ca, cert, key })
  const headers = { 'impersonate-user': 'ann', 'impersonate-group': 'system:masters' }
  const get = async (name: string): Promise<number> => {
    const startedMs = performance.now()
    const sent = request({ host: '127.0.0.1', port, path: `${path}/${name}`, agent, headers })
    sent.end()
    const [response] = await once(sent, 'response')
    response.resume()
    await once(response, 'end')
    assert.equal(response.statusCode, 200, 'nobody refuses the other one')
    return performance.now() - startedMs
  }
  const p99 = async (count: number): Promise<number> => {
    const tookMs: number[] = []
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (tookMs.length < count) tookMs.push(await get(`c${tookMs.length % objects}`))
      }),
    )
    return tookMs.toSorted((left, right) => left - right)[Math.floor(tookMs.length * 0.99)]!
  }
  await p99(400)
  const alone = await p99(1000)
  const workerData = { port, ca, cert, key, path, user: 'greedy', count: 500 }
  const greedy = new Worker(join(import.meta.dirname, 'greedy-client.ts'), { workerData })
  try {
    // Five hundred handshakes of TLS come before the first list, and no turn orders those.
    const arriving = await p99(300)
    await systemClock.sleep(5000)
    const beside = await p99(1000)
    greedy.postMessage('tell')
    const [codes] = (await once(greedy, 'message')) as [Record<string, number>]
    return { aloneP99Ms: alone, arrivingP99Ms: arriving, besideP99Ms: beside, greedyCodes: codes }
  } finally {
    await greedy.terminate()
    agent.destroy()
  }
}
