import { isPlainObject } from '@skerry/base/json'

/** Objects that a Kubernetes cluster makes in every namespace by itself, at a moment of its choice. */
const ambient: ReadonlySet<string> = new Set(['kube-root-ca.crt'])

/** Whether an object, or the event that tells of it, is there because of a row. */
export function isNotAmbient(value: unknown): boolean {
  const object = isPlainObject(value) && isPlainObject(value['object']) ? value['object'] : value
  if (!isPlainObject(object)) return true
  // A table that tells of such an object alone.
  const rows: unknown = object['rows']
  if (Array.isArray(rows) && rows.length > 0) return rows.some(isNotAmbient)
  if (!isPlainObject(object['metadata'])) return true
  return !ambient.has(String(object['metadata']['name']))
}
