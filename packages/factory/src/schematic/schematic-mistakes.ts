import type { Problem } from '@skerry/api/problem'
import type { Schematic } from './schematic.ts'

const bases = ['oci', 'tar', 'debian', 'busybox'] as const

/** What fields say of each other. */
export function schematicMistakes(schematic: Schematic): Problem[] {
  const problems: Problem[] = []
  const add = (path: string, message: string) => problems.push({ path, type: 'Invalid', message })
  const { base } = schematic
  const named = bases.filter((name) => base[name] !== undefined && base[name] !== false)
  if (named.length !== 1)
    add(
      'base',
      `names ${named.length === 0 ? 'nothing' : named.join(' and ')}: name exactly one of ${bases.join(', ')}`,
    )
  if (schematic.packages.length > 0 && base.debian === undefined)
    add(
      'packages',
      'are added to a base of Debian only: put them into your image before, or use base: {debian: {}}',
    )
  for (const [index, file] of schematic.files.entries()) {
    const at = `files[${index}]`
    if ((file.content === undefined) === (file.source === undefined))
      add(at, 'needs either content or source, and not both')
    const unplain = unplainPart(file.path)
    if (unplain !== undefined) add(`${at}.path`, unplain)
    if (/^\/(proc|sys|dev|run|tmp|efi|data)(\/|$)/.test(file.path))
      add(`${at}.path`, 'lies where another file system is mounted over it: choose another place')
  }
  for (const [path, index] of repeated(schematic.files.map((file) => file.path)))
    add(
      `files[${index}].path`,
      `names ${path} once more, and one of the two would be lost: remove one`,
    )
  for (const [name, index] of repeated(schematic.cloudConfig.map(documentName)))
    add(
      `cloudConfig[${index}]`,
      `is called ${name} as another one is, and one of the two would be lost: give each its name`,
    )
  for (const [index, path] of schematic.persistentPaths.entries()) {
    const problem = persistentProblem(path)
    if (problem !== undefined) add(`persistentPaths[${index}]`, problem)
  }
  for (const [index, document] of schematic.cloudConfig.entries())
    if ((document.content === undefined) === (document.source === undefined))
      add(`cloudConfig[${index}]`, 'needs either content or source, and not both')
  for (const [index, word] of schematic.commandLine.entries())
    if (/^(skerry\.(root|size|image|watchdog)|root|roothash|systemd\.verity\w*)(=|$)/.test(word))
      add(`commandLine[${index}]`, `${word.split('=')[0]} is set by the factory: remove it`)
    else if (word === 'ro' || word === 'rw')
      add(
        `commandLine[${index}]`,
        `${word} makes the root's init remount what cannot be: remove it`,
      )
  if (!schematic.agent && schematic.watchdogSeconds !== 180)
    add('watchdogSeconds', 'needs the agent, which feeds it: set agent: true')
  return problems
}

/** What a document is called in the root, also where the schematic leaves it to us. */
export const documentName = ({ name }: { readonly name?: string }, index: number): string =>
  name ?? `${50 + index}_image.yaml`

function unplainPart(path: string): string | undefined {
  const part = path
    .slice(1)
    .split('/')
    .find((each) => ['', '.', '..'].includes(each))
  return part === undefined ? undefined : 'must not hold "//", "." or "..": write it plainly'
}

/** As the initrd has it (`keep.sh`): what it would not keep is told here, before it is missed. */
function persistentProblem(path: string): string | undefined {
  if (/[^A-Za-z0-9._/@+-]/.test(path) || unplainPart(path) !== undefined)
    return 'is made of letters, digits and ._@+- only, without "//", "." and "..": write it plainly, or choose another name'
  if (/^\/(var|root|home|etc\/ssh)(\/|$)/.test(path))
    return 'is kept by every image already: remove it'
  return /^\/(etc|((data|usr|bin|sbin|lib|lib64|dev|proc|sys|run|tmp|efi|boot)(\/.*)?))$/.test(path)
    ? 'cannot be kept: it belongs to the image, or is another file system. Keep a directory of /var, /opt or /srv'
    : undefined
}

/** Values that stand there before, each with where it stands again. */
function repeated(values: readonly string[]): (readonly [string, number])[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [[value, index] as const] : [],
  )
}
