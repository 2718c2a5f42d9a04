// Prints what a file would be as a model: one ModelInspection as a line of JSON, exit code 0. The file is
// loaded in an inner process, so that a crash of native code and a model that never ends are answers too.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@skerry/base/clock'
import type { ModelInspection } from '@skerry/api/model-server-protocol'
import { parseInspectArguments } from './command-line.ts'
import { inspectModel } from './inspect-model.ts'
import { inspectionMsMax } from './limits.ts'
import { readModelFile } from './model-file.ts'
import { loadModel } from './model-session.ts'

const usageExitCode = 2

/** When memory runs out over a hostile file, this process shall be the one that goes. */
function offerToDie(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Only Linux has it, and nothing depends on it.
  }
}

async function inspectHere(file: string): Promise<ModelInspection> {
  offerToDie()
  const reading = await readModelFile(file)
  if (!reading.ok) return reading
  const model = await loadModel(reading.bytes, { threads: 1, clock: systemClock })
  if (!model.ok) return model
  const { signature, selfTestMs } = model
  return { ok: true, signature, selfTestMs }
}

const parsed = parseInspectArguments(process.argv.slice(2), inspectionMsMax)
if (!parsed.ok) {
  process.stderr.write(`${parsed.message}\n`)
  process.exit(usageExitCode)
}
const { file, maxMs, isInner } = parsed.values
const ending = new AbortController()
if (!isInner) for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => ending.abort())
const inspection = isInner
  ? await inspectHere(file)
  : await inspectModel(file, {
      clock: systemClock,
      timeoutMs: maxMs,
      signal: ending.signal,
      command: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), '--inner'],
    })
const sentence: ModelInspection =
  isInner || inspection.ok
    ? inspection
    : { ...inspection, message: `The file ${inspection.message}.` }
process.stdout.write(`${JSON.stringify(sentence)}\n`)
