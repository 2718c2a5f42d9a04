/** Content is named as OCI names it: `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`

const digestPattern = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: string): text is Digest {
  return digestPattern.test(text)
}

/** Enough of a digest for a person to tell two apart: the first twelve digits. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12)
}
