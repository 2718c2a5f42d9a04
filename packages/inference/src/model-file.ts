import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { toError } from '@skerry/base/assert'
import { modelFileBytesMax } from './limits.ts'
import { type Refusal, refuse } from './model-refusal.ts'

export type ModelFile = { readonly ok: true; readonly bytes: Uint8Array }

/**
 * Reads the whole file once: what is checked is what is loaded, whatever becomes of the file meanwhile.
 * With `digest` the bytes must be those.
 */
export async function readModelFile(path: string, digest?: string): Promise<ModelFile | Refusal> {
  let bytes: Uint8Array
  try {
    await using file = await open(path, 'r')
    const stat = await file.stat()
    if (!stat.isFile()) return refuse('Unreadable', 'is not a file')
    if (stat.size > modelFileBytesMax)
      return refuse(
        'Unreadable',
        `has ${stat.size} bytes: an ONNX file has at most ${modelFileBytesMax}`,
      )
    bytes = await file.readFile()
  } catch (error) {
    return refuse('Unreadable', `cannot be read: ${toError(error).message}`)
  }
  if (digest === undefined) return { ok: true, bytes }
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return found === digest
    ? { ok: true, bytes }
    : refuse('Unreadable', `has the digest ${found}, not ${digest}: fetch it again`)
}
