import type { IncomingMessage, ServerResponse } from 'node:http'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { ModelSignature } from '@skerry/api/kinds/model'
import type { AnswerMemory } from './answer-memory.ts'
import { type Verdict, classOutput, classify } from './classify.ts'
import type { BodyReader } from './http-body.ts'
import { sendJson, sendProblem } from './http-answer.ts'
import { type InferRequest, readInferRequest } from './infer-request.ts'
import { type InferResponse, responsePrefix, writeInferResponse } from './infer-response.ts'
import type { InferenceLimits } from './limits.ts'
import type { ErrorReason, Measures } from './measures.ts'
import type { ModelIdentity } from './model-identity.ts'
import { runtimeSentence } from './model-refusal.ts'
import type { RequestProblem } from './request-problem.ts'
import type { RunQueue } from './run-queue.ts'
import type { TensorValue } from './tensor-type.ts'

export type InferParts = {
  readonly identity: ModelIdentity
  readonly signature: ModelSignature
  readonly queue: RunQueue
  readonly bodies: BodyReader
  readonly measures: Measures
  readonly memory: AnswerMemory
  readonly limits: InferenceLimits
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Answers one inference request. Latency counts from here, when the request has been received. */
export function inferRoute(parts: InferParts) {
  const { signature, measures, clock, bodies } = parts
  const prefix = responsePrefix(parts.identity.model, parts.identity.version)
  const classified = classOutput(signature)

  const fail = (response: ServerResponse, reason: ErrorReason, problem: RequestProblem) => {
    measures.failed(reason)
    sendProblem(response, problem)
  }
  const answer = async (request: InferRequest, response: ServerResponse, startMs: number) => {
    const names = request.outputs.map(({ name }) => name)
    const fetched =
      classified === undefined || names.includes(classified) ? names : [...names, classified]
    const job = {
      inputs: request.inputs,
      outputs: fetched,
      isAbandoned: () => response.destroyed,
    }
    const outcome = await parts.queue.submit(job).catch((thrown: unknown) => {
      const message = runtimeSentence(toError(thrown))
      parts.log.error('model failed', { message })
      const sentence = `the model failed on this input: ${message}`
      fail(response, 'model_failed', { ok: false, status: 500, message: sentence })
    })
    if (outcome === undefined) return
    if (!outcome.ok && outcome.reason === 'overloaded')
      return fail(response, 'overloaded', overloaded(parts.limits))
    if (!outcome.ok || response.destroyed)
      return measures.failed('abandoned', clock.monotonicMs() - startMs)
    const { id, outputs: wanted } = request
    const written = writeInferResponse({ prefix, id, outputs: outcome.outputs, wanted })
    if (!written.ok)
      return fail(response, written.status === 400 ? 'bad_request' : 'not_representable', written)
    const verdicts = verdictsOf(outcome.outputs, fetched, classified)
    sendInfer(response, written)
    const endMs = clock.monotonicMs()
    measures.answered(endMs - startMs, verdicts)
    if (verdicts.length > 0)
      parts.memory.remember(
        id,
        verdicts.map(({ classIndex }) => classIndex),
        endMs,
      )
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodies.read(request)
    if (!body.ok) {
      if (body.status === 'gone') return
      const reason =
        body.status === 503 ? 'overloaded' : body.status === 413 ? 'too_large' : 'bad_request'
      return fail(response, reason, body)
    }
    try {
      const startMs = clock.monotonicMs()
      const header = request.headers['inference-header-content-length']
      const headerLength = Array.isArray(header) ? header.join(',') : header
      const decoded = readInferRequest({ bytes: body.bytes, headerLength }, parts)
      if (decoded.ok) await answer(decoded, response, startMs)
      else fail(response, decoded.status === 413 ? 'too_large' : 'bad_request', decoded)
    } finally {
      body.release()
    }
  }
}

const overloaded = ({ queueRequestsMax }: InferenceLimits): RequestProblem => ({
  ok: false,
  status: 503,
  message: `${queueRequestsMax} requests wait already: try again in a second, or send fewer`,
})

function verdictsOf(
  outputs: readonly TensorValue[],
  names: readonly string[],
  classified: string | undefined,
): Verdict[] {
  if (classified === undefined) return []
  return classify(outputs[names.indexOf(classified)]!)
}

function sendInfer(response: ServerResponse, { body, bodyBytes, jsonBytes }: InferResponse): void {
  if (jsonBytes === undefined) return sendJson(response, 200, body, bodyBytes)
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Inference-Header-Content-Length': jsonBytes,
    'Content-Length': bodyBytes,
  })
  response.end(body)
}
