import { createHash } from 'node:crypto'

/** An object as it goes over the wire. */
export type FakeObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

export const at = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z')

export const minuteMs = 60_000

type FakeInput = {
  readonly kind: string
  readonly name: string
  readonly createdMs: number
  readonly body: Record<string, unknown>
  readonly labels?: Record<string, string>
}

let versions = 1000

export function nextVersion(): number {
  versions += 1
  return versions
}

export function newestVersion(): number {
  return versions
}

export function fakeObject({ kind, name, createdMs, body, labels }: FakeInput): FakeObject {
  const version = nextVersion()
  const isCore = kind === 'Event' || kind === 'Namespace'
  return {
    apiVersion: isCore ? 'v1' : 'skerry.dev/v1alpha1',
    kind,
    metadata: {
      name,
      ...(kind === 'Namespace' ? {} : { namespace: 'default' }),
      uid: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
      resourceVersion: String(version),
      generation: 1,
      creationTimestamp: at(createdMs),
      ...(labels === undefined ? {} : { labels }),
    },
    ...body,
  }
}

export const fakeDigest = (name: string): string =>
  `sha256:${createHash('sha256').update(name).digest('hex')}`
