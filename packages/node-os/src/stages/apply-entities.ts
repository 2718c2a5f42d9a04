import { parseYaml } from '../cloud-config/parse-yaml.ts'
import { plainValue } from '../cloud-config/located.ts'
import type { Position } from '../cloud-config/finding.ts'
import { formatLines, parseLines } from './account-files.ts'
import { writeAccountLines } from './apply-users.ts'
import { firstBelievedDay } from './limits.ts'
import { readText } from './stage-host.ts'
import { type StepRun, attempt, rendered } from './step-run.ts'

type Kind = {
  readonly path: string
  /** Keys of an entity, in the order of the fields of its line. The first one is its name. */
  readonly fields: readonly string[]
}

const kinds: ReadonlyMap<string, Kind> = new Map([
  [
    'user',
    {
      path: '/etc/passwd',
      fields: ['username', 'password', 'uid', 'gid', 'info', 'homedir', 'shell'],
    },
  ],
  [
    'shadow',
    {
      path: '/etc/shadow',
      fields: [
        'username',
        'password',
        'last_changed',
        'minimum_changed',
        'maximum_changed',
        'warn',
        'inactive',
        'expire',
        'reserved',
      ],
    },
  ],
  ['group', { path: '/etc/group', fields: ['group_name', 'password', 'gid', 'users'] }],
  ['gshadow', { path: '/etc/gshadow', fields: ['name', 'password', 'administrators', 'members'] }],
])

/** Entries of accounts as Kairos' entities write them: one line of one file. */
export function ensureEntities(run: StepRun): void {
  applyEntities(run, run.step.ensure_entities, (lines, line) =>
    lines.some(([name]) => name === line[0])
      ? lines.map((each) => (each[0] === line[0] ? merged(each, line) : each))
      : [...lines, line],
  )
}

export function deleteEntities(run: StepRun): void {
  applyEntities(run, run.step.delete_entities, (lines, line) =>
    lines.filter(([name]) => name !== line[0]),
  )
}

/** Fields that the entity leaves out keep their value. */
const merged = (before: readonly string[], line: readonly string[]) =>
  line.map((field, index) => (field === '' ? (before[index] ?? '') : field))

function applyEntities(
  run: StepRun,
  entities: StepRun['step']['ensure_entities'],
  change: (
    lines: readonly (readonly string[])[],
    line: readonly string[],
  ) => readonly (readonly string[])[],
): void {
  for (const { at, value } of entities ?? [])
    attempt(run, at, 'entity', () => {
      const entity = readEntity(run, at, value.entity)
      if (entity === undefined) return
      const path = value.path ?? entity.path
      const before = parseLines(readText(run.host, path) ?? '')
      const after = change(before, entity.line)
      if (formatLines(before) !== formatLines(after)) writeAccountLines(run.host, path, after)
    })
}

function readEntity(
  run: StepRun,
  at: Position,
  text: string,
): { readonly path: string; readonly line: readonly string[] } | undefined {
  const parsed = parseYaml(rendered(run, at, text), at.file)
  const value = parsed.root === undefined ? undefined : plainValue(parsed.root)
  const say = (message: string) => run.problem(at, `entity: ${message}`)
  if (typeof value !== 'object' || value === null) {
    say(`must be a map: ${parsed.findings[0]?.message ?? 'it is none'}`)
    return undefined
  }
  const entity = value as Readonly<Record<string, unknown>>
  const kind = kinds.get(String(entity['kind']))
  if (kind === undefined) {
    say(`kind must be ${[...kinds.keys()].join(', ')}`)
    return undefined
  }
  const unknown = Object.keys(entity).find((key) => key !== 'kind' && !kind.fields.includes(key))
  if (unknown !== undefined) say(`${unknown} is no key of this kind and is not used`)
  const line = kind.fields.map((field) => fieldText(run, field, entity[field]))
  if (line[0] === '' || line.some((field) => /[:\n]/.test(field))) {
    say(`needs ${kind.fields[0]}, and no value may hold a colon or a new line`)
    return undefined
  }
  return { path: kind.path, line }
}

function fieldText({ host }: StepRun, field: string, value: unknown): string {
  if (field === 'last_changed' && value === 'now') {
    const day = Math.floor(host.clock.now() / 86_400_000)
    return day < firstBelievedDay ? '' : String(day)
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
