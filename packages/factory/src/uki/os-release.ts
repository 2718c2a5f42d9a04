/** What the loader sorts a kernel image by and shows of it: the section `.osrel`. */
export type OsRelease = {
  /** Grows with each version: the loader starts the newest. */
  readonly version: string
  /** What a person reads. */
  readonly prettyName: string
}

export function osReleaseText({ version, prettyName }: OsRelease): string {
  const quoted = prettyName.replace(/[\p{Cc}]/gu, ' ').replace(/["\\$`]/g, '\\$&')
  return `ID=skerry\nIMAGE_ID=skerry\nIMAGE_VERSION=${version}\nPRETTY_NAME="${quoted}"\n`
}

/** The assignments of an os-release file; what is none is passed over. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim())
    if (match === null) continue
    const value = match[2]!
    const quote = /^(["'])(.*)\1$/.exec(value)
    found.set(match[1]!, quote === null ? value : quote[2]!.replace(/\\(["'\\$`])/g, '$1'))
  }
  return found
}
