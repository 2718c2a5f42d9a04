import { type ExecFileException, execFile } from 'node:child_process'
import type { ModelInspection } from '@skerry/api/model-server-protocol'

export type InspectModel = (file: string) => Promise<ModelInspection>

const inspectWithinMs = 60_000
const outputBytesMax = 1024 * 1024

/** What the inspector is given of the hub's own environment; the rest may hold secrets. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH'] as const

/**
 * Has a model file looked at by a process of its own: native code that crashes on a bad file takes
 * that process with it and nothing else. `program` is the inspector's path.
 */
export function createModelInspector(program: string): InspectModel {
  return (file) =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [program, '--file', file],
        {
          timeout: inspectWithinMs,
          maxBuffer: outputBytesMax,
          killSignal: 'SIGKILL',
          env: Object.fromEntries(inherited.map((name) => [name, process.env[name]])),
        },
        (error, stdout) => resolve(inspectionOf(error, stdout)),
      )
    })
}

type ExecError = Pick<ExecFileException, 'killed' | 'code' | 'signal'>

export function inspectionOf(error: ExecError | null, stdout: string): ModelInspection {
  const line = stdout.trim().split('\n').at(-1) ?? ''
  try {
    const said = JSON.parse(line) as ModelInspection
    if (typeof said.ok === 'boolean') return said
  } catch {
    // What it printed is not its answer: it ended before it could give one.
  }
  const why =
    error?.killed === true
      ? `did not load within ${inspectWithinMs / 1000} s`
      : `made the inspector crash (${error?.signal ?? error?.code ?? 'no answer'})`
  return { ok: false, reason: 'SelfTestFailed', message: `The file ${why}.` }
}
