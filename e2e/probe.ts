import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export type ProbeFailure = { readonly atMs: number; readonly message: string }

const pauseMs = 200
const answerWithinMs = 10_000
const body = JSON.stringify({
  inputs: [
    {
      name: 'image',
      datatype: 'FP32',
      shape: [1, 28, 28],
      data: Array.from({ length: 784 }, () => 0),
    },
  ],
})

/** A client at a site that asks its model a few times a second and remembers every request that failed. */
export class Probe implements AsyncDisposable {
  readonly failures: ProbeFailure[] = []
  answers = 0
  readonly #url: string
  readonly #stop = new AbortController()
  readonly #connections = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #finished: Promise<void>

  constructor(modelUrl: string) {
    this.#url = `${modelUrl}/v2/models/digits/infer`
    this.#finished = this.#ask()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#finished
    this.#connections.destroy()
  }

  async #ask(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const message = await this.#askOnce()
      if (message === undefined) this.answers += 1
      else this.failures.push({ atMs: Date.now(), message })
      await sleep(pauseMs)
    }
  }

  #askOnce(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const sent = request(
        this.#url,
        {
          method: 'POST',
          agent: this.#connections,
          timeout: answerWithinMs,
          headers: { 'content-type': 'application/json', 'content-length': body.length },
        },
        (response) => {
          response.resume()
          response.on('end', () =>
            resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
          )
          response.on('error', (error) => resolve(error.message))
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.on('error', (error) => resolve(error.message))
      sent.end(body)
    })
  }
}
