// Writes the files that are made from the kinds; with --check it only says which ones are old.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { apiVersionOf } from '@skerry/api/kind'
import type { AnyKind } from '@skerry/api/kind'
import { kinds } from '@skerry/api/kinds'
import type { Schema } from '@skerry/api/schema'

const generated = new Map([['docs/kinds.generated.md', kindsReference()]])

const isCheck = process.argv.includes('--check')
for (const [file, text] of generated) {
  const isFresh = existsSync(file) && readFileSync(file, 'utf8') === text
  if (isFresh) continue
  if (isCheck) {
    console.error(`${file} is old: run npm run generate`)
    process.exitCode = 1
  } else writeFileSync(file, text)
}

function kindsReference(): string {
  return [
    '# Kinds',
    '',
    'Made from `packages/api/src/kinds` by `npm run generate`. Do not edit.',
    '',
    ...kinds.flatMap(describeKind),
  ].join('\n')
}

function describeKind(kind: AnyKind): string[] {
  const owners = Object.entries(kind.statusOwners).map(
    ([field, owner]) => `\`${field}\` by ${owner}`,
  )
  return [
    `## ${kind.kind}`,
    '',
    kind.description,
    '',
    `\`${apiVersionOf(kind)}\`, \`${[kind.plural, ...kind.shortNames].join('`, `')}\`, ${kind.scope === 'Namespaced' ? 'in a namespace' : 'cluster-wide'}.`,
    ...(kind.subresources.length === 0
      ? []
      : [`Subresources: ${kind.subresources.map((name) => `\`${name}\``).join(', ')}.`]),
    ...(owners.length === 0 ? [] : [`Status is written: ${owners.join(', ')}.`]),
    '',
    ...fieldLines(kind.schema, 0),
    '',
  ]
}

function fieldLines(schema: Schema, depth: number): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const inner = field.items ?? (field.additionalProperties ? field.additionalProperties : field)
    const isRequired = schema.required?.includes(name) === true
    return [
      `${'  '.repeat(depth)}- \`${name}\` ${typeOf(field)}${isRequired ? ', required' : ''}: ${field.description ?? ''}${rulesOf(field)}`,
      ...fieldLines(inner, depth + 1),
    ]
  })
}

function typeOf(schema: Schema): string {
  if (schema.type === 'array') return `list of ${schema.items?.type ?? 'any'}`
  if (schema.additionalProperties !== undefined)
    return `map of ${schema.additionalProperties.type ?? 'any'}`
  return schema.type ?? 'any'
}

function rulesOf(schema: Schema): string {
  const rules = [
    schema.enum === undefined ? undefined : `one of ${schema.enum.join(', ')}`,
    schema.minimum === undefined ? undefined : `at least ${schema.minimum}`,
    schema.maximum === undefined ? undefined : `at most ${schema.maximum}`,
    typeof schema.default === 'string' || typeof schema.default === 'number'
      ? `default ${schema.default}`
      : undefined,
  ].filter((rule) => rule !== undefined)
  return rules.length === 0 ? '' : ` (${rules.join('; ')})`
}
