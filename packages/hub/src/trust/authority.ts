import {
  X509Certificate,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  type webcrypto,
} from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import { devicesGroup, identityUri } from './device-subject.ts'
import type { ClientRequest } from './client-request.ts'
import { type CertificateFacts, certificateFacts } from './certificate-facts.ts'
import { readOrCreateKeyFile, replaceKeyFile } from './key-ring-file.ts'
import {
  adminCertificateLifeMs,
  authorityLifeMs,
  backdateMs,
  deviceCertificateLifeMs,
  renewAtShare,
  serverCertificateLifeMs,
} from './limits.ts'
import { certificateAlgorithm, loadX509 } from './x509.ts'

export type IssuedCertificate = {
  /** PEM. */
  readonly certificate: string
  readonly serialNumber: string
  readonly notAfterMs: number
}

export type KeyAndCertificate = IssuedCertificate & {
  /** PEM, PKCS #8. */
  readonly key: string
}

/** The hub's own certificate authority: signs hub, people and devices. */
export type Authority = {
  /** PEM. */
  readonly certificate: string
  /** SHA-256 of the certificate (DER), hexadecimal; a join token carries it. */
  readonly certificateDigest: string
  /**
   * Key and certificate of the hub's servers, kept on disk, made anew at two thirds of their life or
   * for other names. `certificate` holds the authority, too, so that a device can check its pin.
   */
  serverCertificate(hostNames: readonly string[]): Promise<KeyAndCertificate>
  /** When `serverCertificate` should be asked again. */
  renewServerAtMs(issued: IssuedCertificate): number
  /** `O=system:masters`: may do everything on the API. */
  issueAdmin(commonName?: string): Promise<KeyAndCertificate>
  /** For a public key (SubjectPublicKeyInfo, DER) that the device proved to hold. */
  issueDevice(
    identity: DeviceIdentity,
    publicKey: Uint8Array<ArrayBuffer>,
  ): Promise<IssuedCertificate>
  /** For somebody of this name, in these groups, who proved to hold the key; of any sort. */
  issueClient(client: ClientRequest, lifeMs: number): Promise<IssuedCertificate>
  factsOf(certificate: X509Certificate): CertificateFacts
}

export type AuthorityOptions = {
  /** Kept for this hub alone; goes into backups. */
  readonly dir: string
  readonly clock: Pick<Clock, 'now'>
  readonly deviceCertificateLifeMs?: number
}

export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { dir, clock } = options
  const stored = await readOrCreateKeyFile(join(dir, 'authority.pem'), () =>
    createAuthority(clock.now()),
  )
  const [keyPem, certificatePem] = splitPem(stored)
  const certificate = new X509Certificate(certificatePem)
  const signer = { key: createPrivateKey(keyPem), certificate }
  const lifeMs = options.deviceCertificateLifeMs ?? deviceCertificateLifeMs
  const issue = async (request: Omit<LeafRequest, 'nowMs'>) =>
    issueLeaf(signer, { ...request, nowMs: clock.now() })
  const issueWithKey = async (request: Omit<LeafRequest, 'nowMs' | 'publicKey'>) => {
    const { key, publicKey } = await newKey()
    return { ...(await issue({ ...request, publicKey })), key }
  }
  return {
    certificate: certificatePem,
    certificateDigest: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    async serverCertificate(hostNames) {
      const path = join(dir, 'server.pem')
      const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hostNames])]
      const create = async () => {
        const made = await issueWithKey({
          ...serverRequest(names),
          lifeMs: serverCertificateLifeMs,
        })
        return `${made.key}${made.certificate}`
      }
      let text = await readOrCreateKeyFile(path, create)
      if (!isServerUsable(text, { authority: certificate, names, nowMs: clock.now() })) {
        text = await create()
        await replaceKeyFile(path, text)
      }
      const [key, leaf] = splitPem(text)
      const { serialNumber, validToDate } = new X509Certificate(leaf)
      return {
        key,
        certificate: `${leaf}${certificatePem}`,
        serialNumber,
        notAfterMs: validToDate.getTime(),
      }
    },
    renewServerAtMs: (issued) => issued.notAfterMs - serverCertificateLifeMs * (1 - renewAtShare),
    issueAdmin: (commonName = 'skerry-admin') =>
      issueWithKey({
        subject: [{ O: ['system:masters'] }, { CN: [commonName] }],
        names: [],
        isForServers: false,
        lifeMs: adminCertificateLifeMs,
      }),
    issueDevice: (identity, publicKey) =>
      issue({
        subject: [{ O: [devicesGroup] }, { CN: [`${identity.namespace}:${identity.device}`] }],
        names: [{ type: 'url', value: identityUri(identity) }],
        isForServers: false,
        lifeMs,
        publicKey,
      }),
    issueClient: ({ commonName, organizations, publicKey }, clientLifeMs) =>
      issue({
        subject: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
        names: [],
        isForServers: false,
        lifeMs: Math.min(clientLifeMs, certificate.validToDate.getTime() - clock.now()),
        publicKey,
      }),
    factsOf: (leaf) => certificateFacts(leaf, certificate),
  }
}

type SubjectAlternative = { readonly type: 'dns' | 'ip' | 'url'; readonly value: string }

type LeafRequest = {
  readonly subject: Record<string, string[]>[]
  readonly names: readonly SubjectAlternative[]
  readonly isForServers: boolean
  readonly lifeMs: number
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly nowMs: number
}

/** The library would take quotes and backslashes in a name for its own, and make another name of it. */
function literally(names: Record<string, string[]>) {
  return Object.fromEntries(
    Object.entries(names).map(([type, values]) => [
      type,
      values.map((value) => ({ utf8String: value })),
    ]),
  )
}

type Signer = {
  readonly key: ReturnType<typeof createPrivateKey>
  readonly certificate: X509Certificate
}

const serverRequest = (names: readonly string[]) => ({
  subject: [{ O: ['skerry:hubs'] }, { CN: ['skerry-hub'] }],
  names: names.map((value): SubjectAlternative => ({
    type: isAddress(value) ? 'ip' : 'dns',
    value,
  })),
  isForServers: true,
})

const isAddress = (name: string) => name.includes(':') || /^\d+(\.\d+){3}$/.test(name)

async function issueLeaf(signer: Signer, request: LeafRequest): Promise<IssuedCertificate> {
  const x509 = await loadX509()
  const signingKey = await importPrivate(signer.key.export({ type: 'pkcs8', format: 'der' }))
  const publicKey = new x509.PublicKey(request.publicKey)
  const usage = request.isForServers
    ? x509.ExtendedKeyUsage.serverAuth
    : x509.ExtendedKeyUsage.clientAuth
  const notAfterMs = wholeSeconds(request.nowMs + request.lifeMs)
  const serialNumber = newSerialNumber()
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber,
    issuer: new x509.X509Certificate(signer.certificate.raw).subject,
    subject: new x509.Name(request.subject.map(literally)),
    notBefore: new Date(request.nowMs - backdateMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: certificateAlgorithm,
    signingKey,
    publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      ...(request.names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension([...request.names])]),
    ],
  })
  return { certificate: `${leaf.toString('pem')}\n`, serialNumber, notAfterMs }
}

async function createAuthority(nowMs: number): Promise<string> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(certificateAlgorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: [{ O: ['skerry'] }, { CN: [`skerry-authority-${randomBytes(4).toString('hex')}`] }],
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + authorityLifeMs),
    signingAlgorithm: certificateAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = await exportPrivate(keys.privateKey)
  return `${key}${certificate.toString('pem')}\n`
}

async function newKey(): Promise<{ key: string; publicKey: Uint8Array<ArrayBuffer> }> {
  const keys = await crypto.subtle.generateKey(certificateAlgorithm, true, ['sign', 'verify'])
  const key = await exportPrivate(keys.privateKey)
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  return { key, publicKey: new Uint8Array(spki) }
}

const importPrivate = (der: Buffer) =>
  crypto.subtle.importKey('pkcs8', new Uint8Array(der), certificateAlgorithm, true, ['sign'])

async function exportPrivate(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
}

/** 128 bits of chance, positive, as RFC 5280 4.1.2.2 wants. */
function newSerialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes.toString('hex')
}

const wholeSeconds = (epochMs: number) => Math.floor(epochMs / 1000) * 1000

/** A file with a private key and after it a certificate, both PEM: one rename replaces both. */
function splitPem(text: string): [key: string, certificate: string] {
  const blocks = text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\n?/g) ?? []
  const [key, certificate] = blocks
  if (key === undefined || certificate === undefined)
    throw new Error(
      'A key file must hold a private key and a certificate: restore it from a backup.',
    )
  return [key, certificate]
}

type ServerRules = {
  readonly authority: X509Certificate
  readonly names: readonly string[]
  readonly nowMs: number
}

function isServerUsable(text: string, { authority, names, nowMs }: ServerRules): boolean {
  const leaf = new X509Certificate(splitPem(text)[1])
  const fromMs = leaf.validFromDate.getTime()
  const renewMs = fromMs + (leaf.validToDate.getTime() - fromMs) * renewAtShare
  return (
    leaf.verify(authority.publicKey) &&
    nowMs >= fromMs &&
    nowMs < renewMs &&
    names.every(
      (name) => (isAddress(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined,
    )
  )
}
