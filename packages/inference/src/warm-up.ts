import { duplexPair } from 'node:stream'
import type { Socket } from 'node:net'
import type { ModelSignature } from '@skerry/api/kinds/model'
import { silentLog } from '@skerry/base/log'
import { ModelServer, type ModelServerOptions } from './model-server.ts'
import { elementCount, isFloat } from './tensor-type.ts'

/** By then the code of a request has been compiled; measured on two cores. */
const warmUpRequests = 40
const warmUpMsMax = 500
/** Larger inputs would make the process wait for its own JSON. */
const warmUpElementsMax = 100_000

/**
 * Sends requests through a server of its own, over a connection that is no socket, until the code of a
 * request is warm: the first request of a fresh process takes 15 ms, which a gate on p99 would see.
 */
export async function warmUp(options: ModelServerOptions): Promise<void> {
  const body = ordinaryRequest(options.signature)
  if (body === undefined) return
  const server = new ModelServer({ ...options, log: silentLog })
  const [client, served] = duplexPair()
  server.http.emit('connection', served as unknown as Socket)
  const request = Buffer.from(
    `POST /v2/models/${encodeURIComponent(options.identity.model)}/infer HTTP/1.1\r\nHost: warm-up\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const startMs = options.clock.monotonicMs()
  client.write(request)
  let sent = 1
  for await (const _answer of client) {
    if (sent >= warmUpRequests || options.clock.monotonicMs() - startMs > warmUpMsMax) break
    client.write(request)
    sent += 1
  }
  client.destroy()
  served.destroy()
  await server[Symbol.asyncDispose]()
}

/** A request that any model takes, or undefined where JSON cannot carry it or it would be very long. */
function ordinaryRequest({ inputs }: ModelSignature): string | undefined {
  const tensors = inputs.map(({ name, datatype, shape: declared }) => {
    const shape = declared.map((dimension) => (dimension === -1 ? 1 : dimension))
    const count = Math.min(elementCount(shape), warmUpElementsMax + 1)
    const element =
      datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : isFloat(datatype) ? 0.5 : 0
    const data = Array.from({ length: count }, () => element)
    return { name, datatype, shape, data }
  })
  const isSent = tensors.every(
    ({ datatype, data }) => datatype !== 'FP16' && data.length <= warmUpElementsMax,
  )
  return isSent ? JSON.stringify({ id: 'warm-up', inputs: tensors }) : undefined
}
