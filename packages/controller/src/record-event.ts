import { type Clock, toTimestamp } from '@skerry/base/clock'
import { eventKind } from '@skerry/api/kinds/core'
import type { StoredMeta } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { eventMessageCharactersMax } from './limits.ts'

export type EventInput = {
  /** What it happened to. */
  readonly object: { apiVersion: string; kind: string; metadata: StoredMeta }
  readonly type: 'Normal' | 'Warning'
  /** One CamelCase word for programs. */
  readonly reason: string
  readonly message: string
  /** Who says so. */
  readonly component: string
}

/** Writes a core/v1 Event; the same one again only raises its count. */
export async function recordEvent(state: State, clock: Clock, input: EventInput): Promise<void> {
  const { object, type, reason, component } = input
  const namespace = object.metadata.namespace ?? 'default'
  const message = input.message.slice(0, eventMessageCharactersMax)
  const mark = fingerprint(`${object.metadata.uid} ${type} ${reason} ${message}`)
  const name = `${object.metadata.name.slice(0, 230)}.${mark}`
  const now = toTimestamp(clock.now())
  try {
    await state.create(eventKind, {
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name: object.metadata.name,
        ...(object.metadata.namespace === undefined ? {} : { namespace }),
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
      },
      type,
      reason,
      message,
      source: { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
    })
  } catch (thrown) {
    // The namespace may be on its way out: then nobody is left to read it.
    if (isApiError(thrown, 'NotFound', 'Forbidden')) return
    if (!isApiError(thrown, 'AlreadyExists')) throw thrown
    const before = await state.get(eventKind, { namespace, name })
    if (before === undefined) return
    const again = { ...before, lastTimestamp: now, count: (before.count ?? 1) + 1 }
    await state.update(eventKind, again)
  }
}

/** FNV-1a (Fowler, Noll, Vo), twice 32 bits with different starts: enough to tell texts apart. */
function fingerprint(text: string): string {
  const hash = (start: number) => {
    let value = start
    for (let at = 0; at < text.length; at += 1)
      value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
    return (value >>> 0).toString(16).padStart(8, '0')
  }
  return hash(0x811c9dc5) + hash(0x9e3779b9)
}
