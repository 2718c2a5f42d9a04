import { strict as assert } from 'node:assert'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type SigningKey, preAuthenticationEncoding, signEnvelope, verifyEnvelope } from './dsse.ts'
import { keyIdOf, trustedKeyOf } from './key-id.ts'
import { acceptTrustedKeys, signTrustedKeys } from './trusted-keys.ts'

const payloadType = 'application/vnd.skerry.test+json'
const payload = Buffer.from('{"a":1}')

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, keyid: keyIdOf(privateKey) }
}
const key = newKey()
const trusted = [trustedKeyOf(key.privateKey)]

test('the encoding is that of the DSSE specification', () => {
  const encoded = preAuthenticationEncoding(
    'http://example.com/HelloWorld',
    Buffer.from('hello world'),
  )
  assert.equal(encoded.toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

test('lengths in the encoding are bytes, not characters', () => {
  assert.equal(preAuthenticationEncoding('é', Buffer.from('ü')).toString(), 'DSSEv1 2 é 2 ü')
})

test('Ed25519 signs as RFC 8032 says, so that other tools can verify', () => {
  // RFC 8032 7.1, test 1: the key's public half proves that the seed is read as others read it.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  assert.equal(
    spki.subarray(-32).toString('hex'),
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  )
})

test('what was signed verifies, byte for byte, after JSON', () => {
  const envelope: unknown = JSON.parse(JSON.stringify(signEnvelope(payloadType, payload, key)))
  const verified = verifyEnvelope(envelope, trusted, payloadType)
  assert.ok(verified.ok)
  assert.deepEqual(Buffer.from(verified.payload), payload)
  assert.equal(verified.keyid, key.keyid)
})

test('a changed document, another type, another key and a borrowed name are refused', () => {
  const envelope = signEnvelope(payloadType, payload, key)
  const changed = { ...envelope, payload: Buffer.from('{"a":2}').toString('base64') }
  const stranger = newKey()
  const borrowed = [{ keyid: key.keyid, publicKey: trustedKeyOf(stranger.privateKey).publicKey }]
  const reasonOf = (value: unknown, keys = trusted, type = payloadType) => {
    const verified = verifyEnvelope(value, keys, type)
    return verified.ok ? 'ok' : verified.reason
  }
  assert.equal(reasonOf(changed), 'WrongSignature')
  assert.equal(reasonOf({ ...envelope, payloadType: 'x' }), 'WrongType')
  assert.equal(reasonOf({ ...envelope, payloadType: 'x' }, trusted, 'x'), 'WrongSignature')
  assert.equal(reasonOf(envelope, [trustedKeyOf(stranger.privateKey)]), 'UnknownKey')
  assert.equal(reasonOf(signEnvelope(payloadType, payload, stranger), borrowed), 'UnknownKey')
  assert.equal(reasonOf({ ...envelope, signatures: [] }), 'UnknownKey')
})

test('whatever is not an envelope is refused and nothing throws', () => {
  const envelope = signEnvelope(payloadType, payload, key)
  const many = Array.from({ length: 1000 }, () => envelope.signatures[0])
  for (const bad of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { ...envelope, payload: 7 },
    { ...envelope, payload: 'A'.repeat(12 * 2 ** 20) },
    { ...envelope, signatures: 'x' },
    { ...envelope, signatures: [null] },
    { ...envelope, signatures: [{ keyid: 1, sig: 2 }] },
    { ...envelope, signatures: many },
  ]) {
    const verified = verifyEnvelope(bad, trusted, payloadType)
    assert.equal(!verified.ok && verified.reason, 'Malformed')
  }
  const junk = { ...envelope, signatures: [{ keyid: key.keyid, sig: '!!' }] }
  assert.equal(verifyEnvelope(junk, trusted, payloadType).ok, false)
})

test('an old key brings in the new one; the withdrawn key cannot come back', () => {
  const next = newKey()
  const current = { version: 1, keys: trusted }
  const both = { version: 2, keys: [...trusted, trustedKeyOf(next.privateKey)] }
  const withBoth = acceptTrustedKeys(current, signTrustedKeys(both, key))
  assert.ok(withBoth.ok)
  const onlyNext = { version: 3, keys: [trustedKeyOf(next.privateKey)] }
  const rotated = acceptTrustedKeys(withBoth.set, signTrustedKeys(onlyNext, next))
  assert.ok(rotated.ok)
  assert.deepEqual(rotated.set.keys, onlyNext.keys)
  assert.equal(
    acceptTrustedKeys(rotated.set, signTrustedKeys({ ...both, version: 4 }, key)).ok,
    false,
  )
  assert.equal(acceptTrustedKeys(rotated.set, signTrustedKeys(both, next)).ok, false)
  assert.equal(acceptTrustedKeys(current, signTrustedKeys(both, next)).ok, false)
})

test('a set of keys that is empty, too large or names a key falsely is refused', () => {
  const current = { version: 1, keys: trusted }
  const lie = [{ keyid: '0'.repeat(64), publicKey: trusted[0]!.publicKey }]
  for (const keys of [[], lie, Array.from({ length: 17 }, () => trusted[0]!), [null]])
    assert.equal(
      acceptTrustedKeys(current, signTrustedKeys({ version: 2, keys: keys as never }, key)).ok,
      false,
    )
})
