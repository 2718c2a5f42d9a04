// Run as a worker: lists everything, 500 times at once, for as long as it lives.
import { Agent, request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

export type GreedyOptions = {
  readonly port: number
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly path: string
  readonly user: string
  readonly count: number
}

const { port, ca, cert, key, path, user, count } = workerData as GreedyOptions
const agent = new Agent({ keepAlive: true, ca, cert, key })
const codes: Record<string, number> = {}

function list(): Promise<{ readonly code: number; readonly waitSeconds: number }> {
  return new Promise((resolve) => {
    const headers = { 'impersonate-user': user, 'impersonate-group': 'system:masters' }
    const sent = request({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
      response.resume()
      const waitSeconds = Number(response.headers['retry-after'] ?? 1)
      response.once('close', () => resolve({ code: response.statusCode ?? 0, waitSeconds }))
    })
    sent.once('error', () => resolve({ code: 0, waitSeconds: 1 }))
    sent.end()
  })
}

parentPort?.on('message', () => parentPort?.postMessage(codes))
await Promise.all(
  Array.from({ length: count }, async () => {
    for (;;) {
      const { code, waitSeconds } = await list()
      codes[code] = (codes[code] ?? 0) + 1
      if (code !== 200) await sleep(waitSeconds * 1000)
    }
  }),
)
