import { packagesMax } from './limits.ts'
import type { SoftwarePackage } from './software-package.ts'

/** `dpkg/status`: paragraphs of `Field: value`; what is not installed is left out. */
export function readDpkgStatus(text: string, vendor: string): SoftwarePackage[] {
  return paragraphs(text, ': ')
    .filter((fields) => (fields.get('Status') ?? ' installed').endsWith(' installed'))
    .flatMap((fields) => {
      const [name, version] = [fields.get('Package'), fields.get('Version')]
      if (name === undefined || version === undefined) return []
      return [
        {
          name,
          version,
          architecture: fields.get('Architecture'),
          source: fields.get('Source')?.split(' ')[0],
          type: 'deb',
          vendor,
        } as const,
      ]
    })
}

/** Alpine's `apk/db/installed`: one letter a field. */
export function readApkInstalled(text: string, vendor: string): SoftwarePackage[] {
  return paragraphs(text, ':').flatMap((fields) => {
    const [name, version] = [fields.get('P'), fields.get('V')]
    if (name === undefined || version === undefined) return []
    return [
      {
        name,
        version,
        architecture: fields.get('A'),
        source: fields.get('o'),
        license: fields.get('L'),
        type: 'apk',
        vendor,
      } as const,
    ]
  })
}

function paragraphs(text: string, separator: string): ReadonlyMap<string, string>[] {
  return text
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')
    .slice(0, packagesMax)
    .map(
      (paragraph) =>
        new Map(
          paragraph.split('\n').flatMap((line) => {
            const at = line.indexOf(separator)
            const isField = at > 0 && !/^\s/.test(line)
            return isField ? [[line.slice(0, at), line.slice(at + separator.length)] as const] : []
          }),
        ),
    )
}
