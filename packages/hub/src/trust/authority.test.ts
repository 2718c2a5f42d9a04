import { strict as assert } from 'node:assert'
import { X509Certificate, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createDeviceKey, createSigningRequest } from '../../../client/src/device-key.ts'
import { type Authority, openAuthority } from './authority.ts'
import { admitCertificate } from './certificate-admission.ts'
import { deviceCertificateLifeMs, serverCertificateLifeMs } from './limits.ts'
import { parseSigningRequest } from './signing-request.ts'
import { certificateAlgorithm, loadX509 } from './x509.ts'

const startMs = Date.parse('2026-11-21T12:00:00Z')
let nowMs = startMs
const clock = { now: () => nowMs }
let dir: string

beforeEach(async () => {
  nowMs = startMs
  dir = await mkdtemp(join(tmpdir(), 'skerry-trust-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const identity = { namespace: 'default', site: 'depot-1', siteUid: 'uid-1', device: 'depot-1-abc' }

async function publicKeyOf(key = createDeviceKey()) {
  const parsed = await parseSigningRequest(createSigningRequest(key, 'device'))
  assert.ok(parsed.ok, 'message' in parsed ? parsed.message : '')
  return parsed
}

test('the authority is made once, kept for its owner alone, and is the same after a restart', async () => {
  const first = await openAuthority({ dir, clock })
  const again = await openAuthority({ dir, clock })
  assert.equal(again.certificate, first.certificate)
  assert.equal((await stat(join(dir, 'authority.pem'))).mode & 0o777, 0o600)
  const certificate = new X509Certificate(first.certificate)
  assert.ok(certificate.ca)
  assert.ok(certificate.verify(certificate.publicKey))
  assert.match(first.certificateDigest, /^[0-9a-f]{64}$/)
  assert.ok(!first.certificate.includes('PRIVATE'))
})

test('the server certificate is kept, and made anew at two thirds of its life or for a new name', async () => {
  const authority = await openAuthority({ dir, clock })
  const first = await authority.serverCertificate(['hub.example'])
  const leaf = new X509Certificate(first.certificate)
  for (const name of ['localhost', 'hub.example']) assert.equal(leaf.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1']) assert.ok(leaf.checkIP(address))
  assert.equal(leaf.checkHost('other.example'), undefined)
  assert.ok(first.certificate.endsWith(authority.certificate))
  assert.equal(
    (await authority.serverCertificate(['hub.example'])).serialNumber.toLowerCase(),
    leaf.serialNumber.toLowerCase(),
  )

  const renewMs = authority.renewServerAtMs(first)
  assert.ok(Math.abs(renewMs - startMs - (serverCertificateLifeMs * 2) / 3) < 2000)
  nowMs = renewMs + 60_000
  const renewed = await authority.serverCertificate(['hub.example'])
  assert.notEqual(renewed.key, first.key)
  const renamed = await authority.serverCertificate(['hub.example', 'new.example'])
  assert.equal(new X509Certificate(renamed.certificate).checkHost('new.example'), 'new.example')
  assert.equal((await readFile(join(dir, 'server.pem'), 'utf8')).includes('PRIVATE'), true)
})

test('a device gets a certificate that says who it is and admits it for a day', async () => {
  const authority = await openAuthority({ dir, clock })
  const request = await publicKeyOf()
  const issued = await authority.issueDevice(identity, request.publicKey)
  const facts = authority.factsOf(new X509Certificate(issued.certificate))
  assert.deepEqual(facts.identity, identity)
  assert.equal(facts.publicKeyDigest, request.publicKeyDigest)
  assert.equal(facts.notAfterMs, startMs + deviceCertificateLifeMs)
  assert.deepEqual(facts.organizations, ['skerry:devices'])
  assert.equal(facts.commonName, 'default:depot-1-abc')
  assert.equal(facts.serialNumber, issued.serialNumber)

  const known = { site: 'depot-1', siteUid: 'uid-1', publicKeyDigest: facts.publicKeyDigest }
  const kindAt = (atMs: number, device: typeof known | undefined = known, of = facts) => {
    const admission = admitCertificate(of, device, atMs)
    return admission.kind === 'Refused' ? admission.reason : admission.kind
  }
  assert.equal(kindAt(startMs), 'Device')
  assert.equal(kindAt(facts.notAfterMs), 'RenewOnly')
  assert.equal(kindAt(startMs - 3_600_000), 'RenewOnly')
  assert.equal(admitCertificate(facts, undefined, startMs).kind, 'Refused')
  assert.equal(kindAt(facts.notAfterMs, { ...known, publicKeyDigest: 'x' }), 'Revoked')
  assert.equal(kindAt(startMs, { ...known, site: 'depot-2' }), 'Revoked')
  assert.equal(kindAt(startMs, { ...known, siteUid: 'uid-2' }), 'Revoked')
  assert.equal(kindAt(startMs, known, { ...facts, identity: undefined }), 'NotADevice')
  assert.equal(kindAt(startMs, known, { ...facts, isForClients: false }), 'NotADevice')
  assert.equal(kindAt(startMs, known, { ...facts, isFromAuthority: false }), 'UnknownAuthority')
  assert.equal(admitCertificate(undefined, known, startMs).kind, 'Refused')
})

test('a certificate of another authority of the same name is not ours', async () => {
  const ours = await openAuthority({ dir, clock })
  const theirs = await openAuthority({ dir: join(dir, 'other'), clock })
  const { publicKey } = await publicKeyOf()
  const issued = await theirs.issueDevice(identity, publicKey)
  assert.equal(ours.factsOf(new X509Certificate(issued.certificate)).isFromAuthority, false)
  assert.equal(ours.factsOf(new X509Certificate(ours.certificate)).isFromAuthority, false)
  assert.equal(ours.factsOf(await forgedLeaf(ours)).isFromAuthority, false)
  const server = await ours.serverCertificate([])
  assert.equal(ours.factsOf(new X509Certificate(server.certificate)).isForClients, false)
})

/** A certificate that names our authority as its issuer, signed by another key. */
async function forgedLeaf(ours: Authority): Promise<X509Certificate> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(certificateAlgorithm, true, ['sign', 'verify'])
  const leaf = await x509.X509CertificateGenerator.create({
    issuer: new x509.X509Certificate(ours.certificate).subject,
    subject: [{ O: ['system:masters'] }, { CN: ['skerry-admin'] }],
    notBefore: new Date(startMs),
    notAfter: new Date(startMs + 3_600_000),
    signingAlgorithm: certificateAlgorithm,
    signingKey: keys.privateKey,
    publicKey: keys.publicKey,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  })
  const forged = new X509Certificate(leaf.toString('pem'))
  assert.ok(forged.checkIssued(new X509Certificate(ours.certificate)), 'it names our authority')
  return forged
}

test('an administrator is a member of system:masters', async () => {
  const authority = await openAuthority({ dir, clock })
  const admin = await authority.issueAdmin()
  const facts = authority.factsOf(new X509Certificate(admin.certificate))
  assert.deepEqual(facts.organizations, ['system:masters'])
  assert.equal(facts.commonName, 'skerry-admin')
  assert.ok(facts.isForClients && facts.isFromAuthority)
  assert.equal(facts.identity, undefined)
})

test('a signing request that is none, is not signed by its key or has another kind of key is refused', async () => {
  const key = createDeviceKey()
  const good = createSigningRequest(key, 'x'.repeat(60))
  assert.ok((await parseSigningRequest(good)).ok)
  const der = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const pem = (bytes: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
  const bent = Buffer.from(der)
  bent[12] = bent[12]! ^ 1
  const messageOf = async (text: unknown) => {
    const parsed = await parseSigningRequest(text)
    return parsed.ok ? 'accepted' : parsed.message
  }
  for (const bad of [
    undefined,
    7,
    '',
    'x',
    good + good,
    'A'.repeat(100_000),
    pem(Buffer.from('x')),
  ])
    assert.match(await messageOf(bad), /^request: /)
  assert.match(await messageOf(pem(bent)), /^request: /)
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const other = p384.export({ type: 'pkcs8', format: 'pem' }).toString()
  assert.match(await messageOf(createSigningRequest(other, 'x')), /P-256/)
})

test('a client is named to the letter, whatever its name looks like, and opens no gateway', async () => {
  const authority = await openAuthority({ dir, clock })
  const { publicKey } = await publicKeyOf()
  const groups = [
    'x "system:masters"',
    'a,b',
    'c+d',
    'O=system:masters',
    '#0c01',
    ' e ',
    'skerry:devices',
  ]
  for (const commonName of ['jane', 'j\u00f6rg "\\" \nO=system:masters', 'CN=x,O=system:masters']) {
    const client = { commonName, organizations: groups, publicKey }
    const issued = await authority.issueClient(client, 60_000)
    const facts = authority.factsOf(new X509Certificate(issued.certificate))
    assert.equal(facts.commonName, commonName)
    assert.deepEqual(facts.organizations, groups)
    assert.equal(facts.notAfterMs, startMs + 60_000)
    assert.ok(facts.isFromAuthority && facts.isForClients)
    const admission = admitCertificate(facts, undefined, nowMs)
    assert.equal(admission.kind === 'Refused' && admission.reason, 'NotADevice')
  }
  const long = await authority.issueClient(
    { commonName: 'x', organizations: [], publicKey },
    100 * 365 * 86_400_000,
  )
  const own = new X509Certificate(authority.certificate)
  assert.ok(long.notAfterMs <= own.validToDate.getTime())
})
