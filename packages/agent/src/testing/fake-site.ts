import { createHash, generateKeyPairSync } from 'node:crypto'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import type { ModelWindow } from '@skerry/api/model-server-protocol'
import { type SiteLayer, type SiteSpec, siteSpecPayloadType } from '@skerry/api/site-spec'
import { signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf } from '@skerry/artifact/key-id'
import { silentLog } from '@skerry/base/log'
import type { AgentConfig } from '../agent-config.ts'
import { runAgent } from '../agent.ts'
import { type FakeHost, createFakeHost } from './fake-host.ts'
import { type Enrolment, openAgentState } from '../state/agent-state.ts'
import type { LocalStatus } from '../tasks/local-api.ts'

const keys = generateKeyPairSync('ed25519')
export const signingKey = { privateKey: keys.privateKey, keyid: keyIdOf(keys.publicKey) }
export const trustedKeys: TrustedKey[] = [
  {
    keyid: signingKey.keyid,
    publicKey: String(keys.publicKey.export({ type: 'spki', format: 'pem' })),
  },
]
/** Good from 2026 to 2028, so that nothing is renewed unless a test wants it. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBGzCBwaADAgECAgEBMAoGCCqGSM49BAMCMBUxEzARBgNVBAMTCm9uZS1kZXZp
Y2UwHhcNMjYwMTAxMDAwMDAwWhcNMjgwMTAxMDAwMDAwWjAVMRMwEQYDVQQDEwpv
bmUtZGV2aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVBsffK6hZkkjpH2x
E8p9QG8bJWHmwX4eH+/RUs990fl8V7eQhuu+n6JnnOifrvmZDWpCvkbN5jQmEzjZ
/JwSCaMCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAI2tjN3jeFuobmLeRP1693Pp8Bni
httP96I2CcaEnlxLAiEA1JCy4vKhGwLGR9kQZIpxoUsWGAa2qgF3amg3yiVbu9E=
-----END CERTIFICATE-----`
export const enrolment: Enrolment = {
  identity: { namespace: 'depots', site: 'one', siteUid: 'uid-1', device: 'one-device' },
  certificate,
  authority: 'authority',
  trustedKeys,
  gateway: 'https://hub:1',
}
export const bytesOf = (version: string) => Buffer.from(`weights of ${version}`)
export const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
export const model = (version: string, attempt = 0): SiteLayer => ({
  name: 'digits',
  type: 'model',
  digest: digestOf(bytesOf(version)),
  attempt,
  model: {
    name: 'digits',
    version,
    repository: 'models/depots/digits',
    manifestDigest: digestOf(Buffer.from(version)),
    sizeBytes: bytesOf(version).length,
  },
})
export const camera: SiteLayer = {
  name: 'camera',
  type: 'workload',
  digest: digestOf(bytesOf('camera')),
  attempt: 0,
  workload: { command: ['look', 'closely'], environment: { EYES: '2' }, stopGraceSeconds: 10 },
}
export const spec = (
  revision: number,
  layers: SiteLayer[],
  more: Partial<SiteSpec> = {},
): SiteSpec => ({
  namespace: 'depots',
  site: 'one',
  siteUid: 'uid-1',
  epoch: 1,
  revision,
  issuedTime: '2026-11-21T00:00:00Z',
  validUntil: '2026-12-21T00:00:00Z',
  telemetryIntervalSeconds: 60,
  layers,
  ...more,
})
export const sign = (value: unknown): Envelope =>
  signEnvelope(siteSpecPayloadType, Buffer.from(JSON.stringify(value)), signingKey)
export const window: ModelWindow = {
  requests: 3,
  errors: 0,
  judged: 0,
  correct: 0,
  latencyMs: { zero: 0, buckets: [1, 3], sum: 3 },
  confidence: { zero: 0, buckets: [], sum: 0 },
  classes: { '7': 3 },
}
export const config: AgentConfig = {
  data: '/data',
  hub: 'https://hub:1',
  modelServer: ['serve'],
  heartbeatMs: 60_000,
}

export type RunningAgent = {
  readonly host: FakeHost
  readonly stop: () => Promise<void>
  status(): Promise<LocalStatus>
  put(body: unknown): Promise<{ readonly code: number; readonly body: object }>
}

/** Starts an agent that enrolled before, with whatever its disk holds. */
export async function startAgent(
  host = createFakeHost(),
  isEnrolled = true,
): Promise<RunningAgent> {
  if (isEnrolled) {
    await host.disk.mkdir('/data')
    const state = await openAgentState(host.disk, '/data', silentLog)
    if ((await state.enrolment.read()) === undefined) {
      await state.key.write({ key: 'key', request: 'request' })
      await state.enrolment.write(enrolment)
    }
  }
  for (const version of ['v1', 'v2', 'v3'])
    host.hub.blobs.set(digestOf(bytesOf(version)), bytesOf(version))
  const stopping = new AbortController()
  const ended = runAgent(host, config, stopping.signal)
  const stop = async () => {
    stopping.abort(new Error('stop'))
    await host.advance(2500)
    await ended
  }
  await host.advance(100)
  const ask = async (method: string, path: string, body: unknown) =>
    host.local.handler!({
      method,
      path,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    })
  return {
    host,
    stop,
    status: async () => (await ask('GET', '/v1/status', '')).body as LocalStatus,
    put: (body) => ask('PUT', '/v1/target', body),
  }
}

/** The processes of models that run, by version. */
export const modelsOf = (host: FakeHost) =>
  host.children
    .filter((child) => !child.isGone && child.options.hasChannel === true)
    .map((child) => child.options.command.at(child.options.command.indexOf('--version') + 1))
export const lastChild = (host: FakeHost) => host.children.at(-1)!
export const ready = { type: 'ready', signature: { inputs: [], outputs: [] }, selfTestMs: 1 }
