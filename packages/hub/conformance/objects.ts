import type { Row, Step } from './row.ts'

/** Objects and paths that many rows use. */
export const configMap = (more: Record<string, unknown> = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: '{id}', ...metadata },
  ...more,
})

export const configMaps = '/api/v1/namespaces/{ns}/configmaps'
export const ownConfigMaps = '/api/v1/namespaces/{own}/configmaps'
export const secrets = '/api/v1/namespaces/{ns}/secrets'
export const leases = '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases'
export const events = '/api/v1/namespaces/{ns}/events'

export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'
export const partialType = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
export const partialListType = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'

/** Rows of one file, whose names begin with what they are about. */
export function rowsAbout(
  about: string,
): (name: string, ...steps: readonly (Step | string)[]) => Row {
  return (name, ...steps) => ({
    name: `${about}: ${name}`,
    steps: steps.map((step) => (typeof step === 'string' ? { ask: step } : step)),
  })
}

/** The config map of the row, made before anything is asked. */
export function given(more: Record<string, unknown> = {}, metadata: object = {}): Step {
  return {
    ask: `POST ${configMaps}`,
    body: configMap(more, metadata),
    quiet: true,
    keep: { uid: 'metadata.uid', version: 'metadata.resourceVersion' },
  }
}

/** Config maps of the row's own namespace, `a` and `b` and so on, each with labels. */
export function givenOwn(labels: Readonly<Record<string, Record<string, string>>>): Step[] {
  return Object.entries(labels).map(([name, its]) => ({
    ask: `POST ${ownConfigMaps}`,
    body: configMap({ data: { of: name } }, { name, labels: its }),
    quiet: true,
  }))
}
