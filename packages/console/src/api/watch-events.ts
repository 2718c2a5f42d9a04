import type { StoredObject } from '@skerry/api/object'
import { type Status, errorOfStatus } from '@skerry/api/status'
import { isPlainObject } from '@skerry/base/json'

/** What a watch has told so far. */
export type Known<T> = {
  readonly objects: ReadonlyMap<string, T>
  readonly resourceVersion: string
}

export function keyOf(object: Pick<StoredObject, 'metadata'>): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

export function knownFromList<T extends StoredObject>(list: {
  items: readonly T[]
  resourceVersion: string
}): Known<T> {
  return {
    objects: new Map(list.items.map((object) => [keyOf(object), object])),
    resourceVersion: list.resourceVersion,
  }
}

export type ParsedEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }

/** One line of a watch. Throws the `ApiError` of an ERROR event, and SyntaxError for what is no event. */
export function parseWatchLine<T extends StoredObject>(line: string): ParsedEvent<T> {
  const event: unknown = JSON.parse(line)
  if (!isPlainObject(event) || !isPlainObject(event['object']))
    throw new SyntaxError('The hub sent a watch event without an object.')
  const { type, object } = event
  if (type === 'ERROR') {
    const status = object as Partial<Status>
    throw errorOfStatus(status, status.code ?? 500)
  }
  const metadata = object['metadata']
  const version = isPlainObject(metadata) ? metadata['resourceVersion'] : undefined
  if (typeof version !== 'string')
    throw new SyntaxError('The hub sent a watch event without a resourceVersion.')
  if (type === 'BOOKMARK') return { type, resourceVersion: version }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
    return { type, object: object as T }
  throw new SyntaxError(`The hub sent a watch event of unknown type ${JSON.stringify(type)}.`)
}

/** What is known after an event. Objects that did not change stay the same values. */
export function applyWatchEvent<T extends StoredObject>(
  known: Known<T>,
  event: ParsedEvent<T>,
): Known<T> {
  if (event.type === 'BOOKMARK')
    return { objects: known.objects, resourceVersion: event.resourceVersion }
  const objects = new Map(known.objects)
  if (event.type === 'DELETED') objects.delete(keyOf(event.object))
  else objects.set(keyOf(event.object), event.object)
  return { objects, resourceVersion: event.object.metadata.resourceVersion }
}

/** Cuts chunks of bytes into lines, across chunk borders and characters of several bytes. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n')
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) {
        const line = parts.join('')
        if (line !== '') yield line
        parts = []
        length = 0
      }
      parts.push(piece)
      length += piece.length
      if (length > lineBytesMax)
        throw new RangeError(`The hub sent a line of more than ${lineBytesMax} characters.`)
    }
  }
}
