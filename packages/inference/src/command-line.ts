import { parseArgs } from 'node:util'
import { toError } from '@skerry/base/assert'
import { isDigest } from '@skerry/base/digest'
import type { ModelServerArguments } from '@skerry/api/model-server-protocol'

/** `port` makes a process listen by itself, for tests and benches. */
export type ServerArguments = ModelServerArguments & {
  readonly threads: number
  readonly port?: number
}
export type Usage = { readonly ok: false; readonly message: string }
type Parsed<T> = { readonly ok: true; readonly values: T } | Usage

const threadsMax = 64

export function parseServerArguments(args: readonly string[]): Parsed<ServerArguments> {
  const options = {
    file: { type: 'string' },
    model: { type: 'string' },
    version: { type: 'string' },
    digest: { type: 'string' },
    threads: { type: 'string', default: '1' },
    port: { type: 'string' },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true })
    const { file, model, version, digest, threads, port } = values
    if (file === undefined || model === undefined || version === undefined || digest === undefined)
      return wrong('give --file, --model, --version and --digest')
    if (!isDigest(digest)) return wrong(`--digest is ${digest}: it must be sha256:… of the file`)
    const threadCount = wholeNumber(threads, 1, threadsMax)
    if (threadCount === undefined)
      return wrong(`--threads is ${threads}: it must be from 1 to ${threadsMax}`)
    const base = { file, model, version, digest, threads: threadCount }
    if (port === undefined) return { ok: true, values: base }
    const portNumber = wholeNumber(port, 0, 65_535)
    return portNumber === undefined
      ? wrong(`--port is ${port}: it must be from 0 (any) to 65535`)
      : { ok: true, values: { ...base, port: portNumber } }
  } catch (error) {
    return wrong(toError(error).message)
  }
}

export type InspectArguments = {
  readonly file: string
  readonly maxMs: number
  /** Set by the outer process for the inner one, which may crash. */
  readonly isInner: boolean
}

export function parseInspectArguments(
  args: readonly string[],
  defaultMs: number,
): Parsed<InspectArguments> {
  const options = {
    file: { type: 'string' },
    'max-ms': { type: 'string', default: String(defaultMs) },
    inner: { type: 'boolean', default: false },
  } as const
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true })
    const maxMs = wholeNumber(values['max-ms'], 1, 3_600_000)
    if (values.file === undefined) return wrong('give --file')
    if (maxMs === undefined)
      return wrong(`--max-ms is ${values['max-ms']}: it must be from 1 to 3600000`)
    return { ok: true, values: { file: values.file, maxMs, isInner: values.inner } }
  } catch (error) {
    return wrong(toError(error).message)
  }
}

const wrong = (message: string): Usage => ({ ok: false, message })

function wholeNumber(text: string, smallest: number, largest: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  return value >= smallest && value <= largest ? value : undefined
}
