import { createHash, timingSafeEqual } from 'node:crypto'

/** What is kept of a secret that was shown once. */
export function secretDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares without telling by time how much of it was right. */
export function isSecret(secret: string, digest: string): boolean {
  const given = Buffer.from(secretDigest(secret))
  const kept = Buffer.from(digest)
  return given.length === kept.length && timingSafeEqual(given, kept)
}
