// A hub that will not have this device, and a hub whose signing key changed.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import type { TrustedKey } from '@skerry/api/envelope'
import { siteSpecPayloadType } from '@skerry/api/site-spec'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { keyIdOf } from '@skerry/artifact/key-id'
import { signTrustedKeys } from '@skerry/artifact/trusted-keys'
import { LinkError, type LinkFailure } from '@skerry/client/device-link'
import {
  type RunningAgent,
  lastChild,
  model,
  modelsOf,
  ready,
  sign,
  signingKey,
  spec,
  startAgent,
  trustedKeys,
} from './testing/fake-site.ts'

async function startV1(): Promise<RunningAgent & AsyncDisposable> {
  const agent = await startAgent()
  agent.host.hub.push(sign(spec(1, [model('v1')])))
  await agent.host.advance(100)
  lastChild(agent.host).say(ready)
  await agent.host.advance(200)
  return { ...agent, [Symbol.asyncDispose]: agent.stop }
}

describe('a hub that refuses the device', () => {
  const refusals: [LinkFailure, string][] = [
    ['ProtocolTooOld', 'The hub speaks versions 8 and newer: update the agent.'],
    ['Revoked', 'This device was removed: enrol it again.'],
    ['UntrustedHub', 'The hub has another authority.'],
    ['Refused', 'No.'],
  ]
  for (const [reason, message] of refusals)
    it(`by ${reason} stops nothing, is said, is not pressed, and is forgotten when it is over`, async () => {
      await using agent = await startV1()
      const { host } = agent
      host.hub.failure = new LinkError(reason, message)
      host.hub.drop()
      await host.advance(100)
      host.hub.isUp = true
      const before = host.hub.connects.length
      await host.advance(3_600_000)
      assert.deepEqual(modelsOf(host), ['v1'])
      const status = await agent.status()
      assert.equal(status.health, 'Healthy')
      assert.ok((status.connection.message ?? '').includes(`${reason}: ${message}`))
      const tries = host.hub.connects.length - before
      assert.ok(tries >= 5 && tries <= 400, `${tries} tries in an hour`)
      host.hub.failure = undefined
      host.hub.push(sign(spec(2, [])))
      await host.advance(120_000)
      assert.equal((await agent.status()).target?.revision, 2)
    })
})

describe('a new signing key of the hub', () => {
  const keys = generateKeyPairSync('ed25519')
  const keyid = keyIdOf(keys.publicKey)
  const trusted = {
    keyid,
    publicKey: String(keys.publicKey.export({ type: 'spki', format: 'pem' })),
  }
  const signNew = (value: unknown) =>
    signEnvelope(siteSpecPayloadType, Buffer.from(JSON.stringify(value)), {
      privateKey: keys.privateKey,
      keyid,
    })

  it('counts from the renewal that brought it, and a withdrawn one counts no more', async () => {
    await using agent = await startV1()
    const { host } = agent
    const reasonOf = async (envelope: unknown) =>
      ((await agent.put(envelope)).body as { reason?: string }).reason
    assert.equal(await reasonOf(signNew(spec(2, []))), 'NotSigned', 'nobody told us of this key')
    assert.equal((await agent.status()).target?.revision, 1)
    const renew = async () => {
      host.hub.failure = new LinkError('CertificateExpired', 'the certificate is expired')
      host.hub.drop()
      await host.advance(100)
      host.hub.isUp = true
      await host.advance(200_000)
    }
    const offer = (version: number, set: readonly TrustedKey[], signers: readonly SigningKey[]) => {
      const signed = signers.map((signer) => signTrustedKeys({ version, keys: set }, signer))
      const signatures = signed.flatMap((each) => each.signatures)
      host.hub.trustedKeySet = { ...signed[0]!, signatures }
    }
    const newKey = { privateKey: keys.privateKey, keyid }
    offer(9, [trusted], [newKey])
    await renew()
    assert.equal(await reasonOf(signNew(spec(2, []))), 'NotSigned', 'it vouched for itself')
    offer(2, [...trustedKeys, trusted], [newKey, signingKey])
    await renew()
    assert.equal((await agent.put(signNew(spec(2, [model('v1')])))).code, 200)
    assert.equal((await agent.put(sign(spec(3, [model('v1')])))).code, 200, 'the old one too')
    offer(3, [trusted], [newKey])
    await renew()
    offer(2, [...trustedKeys, trusted], [newKey, signingKey])
    await renew()
    assert.equal(await reasonOf(sign(spec(4, []))), 'NotSigned')
    assert.equal((await agent.put(signNew(spec(5, [model('v1')])))).code, 200)
    assert.deepEqual(modelsOf(host), ['v1'], 'and nothing that runs is touched')
  })
})
