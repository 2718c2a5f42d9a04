import { type StageHost, readText, rootOwned } from './stage-host.ts'

/** For the agent, beside what is built into it. */
export const agentCertificatesPath = '/etc/skerry/ca-certificates.pem'

/** Where distributions keep the authorities that all programs believe, as one file. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** Adds authorities to the root's without any of its tools. /etc is in memory: a removed one is gone at reboot. */
export function applyCertificates(host: StageHost, certificates: readonly string[]): void {
  if (certificates.length === 0) return
  const texts = certificates.map((text) => `${text.trim()}\n`)
  host.write(agentCertificatesPath, texts.join(''), rootOwned(0o644))
  for (const bundle of bundles) {
    const there = readText(host, bundle)
    if (there === undefined) continue
    const missing = texts.filter((text) => !there.includes(text))
    if (missing.length > 0)
      host.write(bundle, `${there.replace(/\n?$/, '\n')}${missing.join('')}`, rootOwned(0o644))
  }
}
