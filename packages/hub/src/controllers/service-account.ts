import { type Namespace, configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import { serviceAccountKind } from '@skerry/api/kinds/service-account'
import { isApiError } from '@skerry/api/status'
import { type Controller, type View, reads } from '@skerry/controller/controller'

const accountName = 'default'
/** Where clients in a cluster look for the authority that signed the API's certificate. */
const rootConfigMap = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Every namespace has a service account `default`, and tells the hub's authority; both come back. */
export function createServiceAccountController(options: {
  /** PEM. */
  readonly rootCertificate: string
}): Controller {
  return {
    name: 'service-account',
    reads: [
      reads(namespaceKind, ({ metadata }) => [metadata.name]),
      reads(serviceAccountKind, ({ metadata }) =>
        metadata.name === accountName ? [metadata.namespace ?? ''] : [],
      ),
      reads(configMapKind, ({ metadata }) =>
        metadata.name === rootConfigMap ? [metadata.namespace ?? ''] : [],
      ),
    ],
    owns: [],
    makes: [serviceAccountKind, configMapKind],
    reconcile: async (name, view) => {
      const namespace = view.cached.get(namespaceKind, { name })
      if (namespace === undefined || isEnding(namespace)) return
      await ensureAccount(view, name)
      await ensureRoot(view, name, options.rootCertificate)
    },
  }
}

const isEnding = ({ metadata, status }: Namespace) =>
  metadata.deletionTimestamp !== undefined || status?.phase === 'Terminating'

async function ensureAccount({ state, cached }: View, namespace: string): Promise<void> {
  const metadata = { name: accountName, namespace }
  if (cached.get(serviceAccountKind, metadata) !== undefined) return
  await unlessThere(state.create(serviceAccountKind, { metadata }))
}

async function ensureRoot(
  { state, cached }: View,
  namespace: string,
  certificate: string,
): Promise<void> {
  const metadata = {
    name: rootConfigMap,
    namespace,
    annotations: { 'kubernetes.io/description': description },
  }
  const data = { 'ca.crt': certificate }
  const there = cached.get(configMapKind, metadata)
  if (there === undefined) return unlessThere(state.create(configMapKind, { metadata, data }))
  const isRight = there.data?.['ca.crt'] === certificate && Object.keys(there.data).length === 1
  if (!isRight) await state.update(configMapKind, { ...there, data })
}

async function unlessThere(created: Promise<unknown>): Promise<void> {
  try {
    await created
  } catch (thrown) {
    // Somebody was faster, or the namespace ends just now.
    if (!isApiError(thrown, 'AlreadyExists', 'NotFound', 'Forbidden')) throw thrown
  }
}
