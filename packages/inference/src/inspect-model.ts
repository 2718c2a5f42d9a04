import { spawn } from 'node:child_process'
import { isPlainObject } from '@skerry/base/json'
import type { Clock } from '@skerry/base/clock'
import type { ModelInspection } from '@skerry/api/model-server-protocol'
import { inspectionBytesMax } from './limits.ts'
import { refuse } from './model-refusal.ts'

export type InspectOptions = {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Program and arguments of the process that loads the file; `--file F` is added. */
  readonly command: readonly [string, ...string[]]
  /** Ends the process at once. */
  readonly signal?: AbortSignal
}

/**
 * Has a file inspected in a process of its own, and turns every way in which that can end into an
 * inspection. Native code may crash over a hostile file; that is the file's fault, and is said so.
 */
export async function inspectModel(
  file: string,
  { clock, timeoutMs, command, signal }: InspectOptions,
): Promise<ModelInspection> {
  const [program, ...args] = command
  const child = spawn(program, [...args, '--file', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  })
  const chunks: Buffer[] = []
  let printedBytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    printedBytes += chunk.length
    if (printedBytes <= inspectionBytesMax) chunks.push(chunk)
    else child.kill('SIGKILL')
  })
  const stop = new AbortController()
  let isLate = false
  clock.sleep(timeoutMs, stop.signal).then(
    () => {
      isLate = true
      child.kill('SIGKILL')
    },
    () => {},
  )
  const end = await new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (code, signal) => resolve(signal ?? (code === 0 ? '' : `exit code ${code}`)))
  })
  stop.abort()
  if (isLate)
    return refuse(
      'SelfTestFailed',
      `did not load and answer within ${timeoutMs / 1000} s: make the model smaller or its loops end`,
    )
  const inspection = parseInspection(Buffer.concat(chunks).toString('utf8'))
  if (end === '' && inspection !== undefined) return inspection
  return refuse(
    'SelfTestFailed',
    `made ONNX Runtime crash (${end || 'no answer'}): it would do so at every site; export it anew and try it with onnxruntime first`,
  )
}

function parseInspection(text: string): ModelInspection | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isPlainObject(value) && typeof value['ok'] === 'boolean'
      ? (value as ModelInspection)
      : undefined
  } catch {
    return undefined
  }
}
