/** Where Debian's archives are: security has one of its own. */
export type Mirror = { readonly main: string; readonly security: string }

/**
 * The mirror that a person named: one address, or two with a comma between when security lies
 * elsewhere than beside it.
 */
export function mirrorFromSetting(setting: string): Mirror | undefined {
  const [main, security] = setting.split(',').map((part) => part.trim().replace(/\/+$/, ''))
  if (main === undefined || !isAddress(main)) return undefined
  if (security === undefined) return { main, security: `${main}-security` }
  return isAddress(security) ? { main, security } : undefined
}

/** The mirror that this machine's own apt uses, told by its sources in either form. */
export function mirrorFromSources(files: readonly string[]): Mirror | undefined {
  const addresses = files.flatMap((text) => [...oneLineAddresses(text), ...deb822Addresses(text)])
  const main = addresses.find((address) => address.endsWith('/debian'))
  const security = addresses.find((address) => address.endsWith('/debian-security'))
  if (main === undefined) return undefined
  return { main, security: security ?? `${main}-security` }
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:', 'file:'].includes(new URL(text).protocol)
}

/** `deb [signed-by=...] ADDRESS SUITE COMPONENT...` */
function oneLineAddresses(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+/.exec(line)
    return found === null ? [] : tidied(found[1])
  })
}

/**
 * Stanzas of `Field: value`, continued by lines that begin with a space; comments stand anywhere.
 */
function deb822Addresses(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const stanzas = lines.join('\n').split(/\n[ \t]*(?=\n)/)
  return stanzas.flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:((?:.*)(?:\\n[ \\t]+.*)*)`, 'im').exec(stanza)?.[1]?.trim()
    const isOff = /^(no|false|without|off|disable|0)$/i.test(field('Enabled') ?? 'yes')
    const types = field('Types')?.split(/\s+/) ?? []
    if (isOff || !types.includes('deb')) return []
    return (field('URIs')?.split(/\s+/) ?? []).flatMap(tidied)
  })
}

function tidied(address: string | undefined): string[] {
  const bare = (address ?? '').replace(/\/+$/, '')
  return isAddress(bare) ? [bare] : []
}
