import { inspectImage } from '@skerry/factory/inspect/inspect-image'
import { inspectText } from '@skerry/factory/inspect/inspect-text'
import { readTrust } from '@skerry/factory/inspect/trust'
import { stringify } from 'yaml'
import { exitCodes } from '../exit-code.ts'
import type { OutputFormat } from '../output.ts'

/** `skerry image inspect FILE`: what is inside, and whether every signature holds. */
export async function showInspection(
  file: string,
  options: { readonly keys: readonly string[]; readonly format: OutputFormat },
  stop: AbortSignal,
): Promise<number> {
  const report = await inspectImage(file, await readTrust(options.keys), stop)
  const forms = { json: JSON.stringify(report, undefined, 2), yaml: stringify(report) }
  const { format } = options
  const text = format === 'json' || format === 'yaml' ? forms[format] : inspectText(report)
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return report.ok ? exitCodes.ok : exitCodes.failed
}
