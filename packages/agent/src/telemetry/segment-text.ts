import { crc32 } from 'node:zlib'
import type { TelemetryRecord } from '@skerry/api/device-protocol'
import { isPlainObject } from '@skerry/base/json'

/** A record as it lies in a segment, with the run of the agent that made it. */
export type SpoolEntry = { readonly bootId: string; readonly record: TelemetryRecord }

/** One line: a checksum and the entry. */
export function toLine(entry: SpoolEntry): string {
  const text = JSON.stringify(entry)
  return `${checksum(text)} ${text}\n`
}

/** The entries of a segment; a line that a power cut tore or that decayed is left out. */
export function parseSegment(text: string): SpoolEntry[] {
  return text.split('\n').flatMap((line) => {
    const body = line.slice(9)
    if (line.slice(0, 8) !== checksum(body) || line[8] !== ' ') return []
    const entry: unknown = JSON.parse(body)
    return isEntry(entry) ? [entry] : []
  })
}

function isEntry(entry: unknown): entry is SpoolEntry {
  return (
    isPlainObject(entry) && typeof entry['bootId'] === 'string' && isPlainObject(entry['record'])
  )
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
