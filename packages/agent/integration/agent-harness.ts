import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type SiteLayer, siteSpecPayloadType } from '@skerry/api/site-spec'
import { signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf } from '@skerry/artifact/key-id'
import { silentLog } from '@skerry/base/log'
import { realDisk } from '../src/real-disk.ts'
import { openAgentState } from '../src/state/agent-state.ts'
import type { LocalStatus } from '../src/tasks/local-api.ts'

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const keys = generateKeyPairSync('ed25519')
const signingKey = { privateKey: keys.privateKey, keyid: keyIdOf(keys.publicKey) }

export type Site = AsyncDisposable & {
  readonly data: string
  /** Starts an agent and waits until it answers. */
  start(): Promise<ChildProcess>
  /** Runs an agent until it ends by itself. */
  run(): Promise<{ readonly code: number | null; readonly output: string }>
  /** A layer whose model file is on the disk already. */
  model(version: string, behaviour?: string): Promise<SiteLayer>
  put(layers: readonly SiteLayer[]): Promise<void>
  status(): Promise<LocalStatus>
  until(isTrue: (status: LocalStatus) => boolean, what: string): Promise<LocalStatus>
}

/** A device's directory that has enrolled, with a hub that is never there. */
export async function makeSite(): Promise<Site> {
  const data = await mkdtemp(join(tmpdir(), 'skerry-agent-'))
  const state = await openAgentState(realDisk, data, silentLog)
  await state.key.write({ key: 'key', request: 'request' })
  await state.enrolment.write({
    identity: { namespace: 'depots', site: 'one', siteUid: 'uid-1', device: 'one-device' },
    certificate: 'certificate',
    authority: 'authority',
    trustedKeys: [
      {
        keyid: signingKey.keyid,
        publicKey: String(keys.publicKey.export({ type: 'spki', format: 'pem' })),
      },
    ],
    gateway: 'https://localhost:1',
  })
  const agents: ChildProcess[] = []
  let revision = 0
  /** The model files that were made, by digest. */
  const files = new Map<string, Buffer>()
  const launch = () => {
    const words = [fileOf('offline-agent.ts'), data, fileOf('fake-model-server.ts')]
    const agent = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] })
    agents.push(agent)
    return agent
  }
  const status = async () => (await ask(data, 'GET', '/v1/status')) as LocalStatus
  const until: Site['until'] = async (isTrue, what) => {
    let last: LocalStatus | undefined
    for (let tries = 0; tries < 400; tries += 1) {
      last = await status().catch(() => undefined)
      if (last !== undefined && isTrue(last)) return last
      await sleep(50)
    }
    throw new Error(`Waited for: ${what}\n${JSON.stringify(last, null, 2)}`)
  }
  const keepFiles = async (layers: readonly SiteLayer[]) => {
    for (let tries = 0; tries < 50; tries += 1) {
      for (const { digest } of layers) {
        const bytes = files.get(digest)
        const path = `${data}/blobs/${digest.slice('sha256:'.length)}`
        // A disk that is full or read-only has what it has.
        if (bytes !== undefined && !existsSync(path)) await writeFile(path, bytes).catch(() => {})
      }
      await sleep(10)
    }
  }
  return {
    data,
    status,
    until,
    async start() {
      const agent = launch()
      agent.stderr?.resume()
      await until((seen) => seen.bootId !== '', 'the agent answers')
      return agent
    },
    async run() {
      const agent = launch()
      let output = ''
      agent.stderr?.on('data', (text) => (output += String(text)))
      const code = await new Promise<number | null>((resolve) => agent.once('close', resolve))
      return { code, output }
    },
    model: async (version, behaviour = 'serve') => {
      const bytes = Buffer.from(`${behaviour} ${version}`)
      const hex = createHash('sha256').update(bytes).digest('hex')
      files.set(`sha256:${hex}`, bytes)
      await writeFile(`${data}/blobs/${hex}`, bytes)
      return {
        name: 'digits',
        type: 'model',
        digest: `sha256:${hex}`,
        attempt: 0,
        model: {
          name: 'digits',
          version,
          repository: 'models/depots/digits',
          manifestDigest: `sha256:${hex}`,
          sizeBytes: bytes.length,
        },
      }
    },
    async put(layers) {
      revision += 1
      const spec = {
        namespace: 'depots',
        site: 'one',
        siteUid: 'uid-1',
        epoch: 1,
        revision,
        issuedTime: '2026-01-01T00:00:00Z',
        validUntil: '2036-01-01T00:00:00Z',
        telemetryIntervalSeconds: 1,
        layers,
      }
      const payload = Buffer.from(JSON.stringify(spec))
      const envelope = signEnvelope(siteSpecPayloadType, payload, signingKey)
      // What no spec names yet is garbage, and the agent may clear it away at any moment.
      const keeping = keepFiles(layers)
      const answer = await ask(data, 'PUT', '/v1/target', JSON.stringify(envelope))
      await keeping
      assert.equal((answer as { isNew?: boolean }).isNew, true, JSON.stringify(answer))
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) if (agent.exitCode === null) agent.kill('SIGTERM')
      const isOver = () =>
        agents.every((each) => each.exitCode !== null || each.signalCode !== null)
      for (let tries = 0; tries < 100 && !isOver(); tries += 1) await sleep(50)
      assert.ok(isOver(), 'every agent ended when it was asked')
      await rm(data, { recursive: true, force: true })
    },
  }
}

function ask(data: string, method: string, path: string, body = ''): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: `${data}/agent.sock`, method, path }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve(JSON.parse(text)))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
