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
    if (file.path.split('/').includes('..'))
      add(`${at}.path`, 'must not hold "..": write it plainly')
    if (/^\/(proc|sys|dev|run|tmp|efi|data)\//.test(file.path))
      add(`${at}.path`, 'lies where another file system is mounted over it: choose another place')
  }
  for (const [index, document] of schematic.cloudConfig.entries())
    if ((document.content === undefined) === (document.source === undefined))
      add(`cloudConfig[${index}]`, 'needs either content or source, and not both')
  for (const [index, word] of schematic.commandLine.entries())
    if (/^(skerry\.(root|size|image|watchdog)|root|roothash|systemd\.verity\w*)=/.test(word))
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
