import { isPlainObject } from '@skerry/base/json'
import type { KubeObject } from '../object.ts'

/** The site of which an event tells, in either shape of events; none if it tells of something else. */
export function siteOfEvent(event: KubeObject): readonly string[] {
  const about = event['involvedObject'] ?? event['regarding']
  if (!isPlainObject(about)) return []
  const { apiVersion, kind, name, namespace } = about
  const isSite =
    kind === 'Site' &&
    typeof apiVersion === 'string' &&
    apiVersion.startsWith('skerry.dev/') &&
    (namespace === undefined || namespace === event.metadata.namespace)
  return isSite && typeof name === 'string' ? [name] : []
}
