import { type RegistryClient, createRegistryClient } from '@skerry/artifact/registry-client'
import { createRegistryTransport } from '@skerry/artifact/registry-transport'
import { systemClock } from '@skerry/base/clock'
import type { HubAccess } from './hub-access.ts'

/** The hub's registry, with the credentials of the kubeconfig. */
export function hubRegistry(hub: HubAccess): RegistryClient {
  const { server, authority, clientCertificate, clientKey, token } = hub.address
  return createRegistryClient({
    registry: server,
    clock: systemClock,
    transport: createRegistryTransport({
      ...(authority === undefined ? {} : { ca: authority }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
      ...(token === undefined ? {} : { token }),
    }),
  })
}
