/** Objects that many rows send. */
export const configMap = (more: Record<string, unknown> = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: '{id}', ...metadata },
  ...more,
})

export const configMaps = '/api/v1/namespaces/{ns}/configmaps'
export const secrets = '/api/v1/namespaces/{ns}/secrets'
export const leases = '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases'
export const events = '/api/v1/namespaces/{ns}/events'
