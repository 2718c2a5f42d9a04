import { readStanzas } from './apt-output.ts'
import type { LockedPackage } from './locked-package.ts'

/**
 * The index of a repository that holds some packages: their own control fields, and where they are.
 * The path is by digest, below a directory that the repository is made of.
 */
export function packageIndex(
  controls: string,
  packages: readonly LockedPackage[],
): { readonly text: string; readonly missing: readonly string[] } {
  const stanzas = controls.split(/\n(?=Package: )/).map((text) => text.trim())
  const byName = new Map(stanzas.map((text) => [readStanzas(text)[0]?.['Package'] ?? '', text]))
  const missing: string[] = []
  const entries = packages.flatMap((each) => {
    const control = byName.get(each.name)
    if (control === undefined) {
      missing.push(each.name)
      return []
    }
    const where = `Filename: ./pool/${each.sha256.slice(0, 2)}/${each.sha256}.deb`
    return [`${control}\n${where}\nSize: ${each.sizeBytes}\nSHA256: ${each.sha256}\n`]
  })
  return { text: entries.join('\n'), missing }
}
