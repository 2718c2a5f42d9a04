import { type Problem, describeProblem } from '@skerry/api/problem'
import type { Schema } from '@skerry/api/schema'
import { nearestName } from '@skerry/base/nearest-name'
import { schematicSchema } from './schematic.ts'

/** A mistake in the words of whoever writes schematics, with what the field is for. */
export function describeMistake(problem: Problem): string {
  const { path, type, value } = problem
  if (type === 'Unknown') return unknownField(path)
  const schema = schemaAt(path)
  const purpose = schema?.description === undefined ? '' : ` ${schema.description}`
  if (type === 'Required') return `${path} is missing.${purpose}`
  if (type === 'TypeInvalid') {
    const isBare = schema?.type === 'string' && (value === 'integer' || value === 'number')
    const advice = isBare ? ' Write it in quotes.' : ''
    return `${path || 'the file'} must be ${wordOf(schema)}, and is ${articleOf(String(value))}.${advice}${purpose}`
  }
  if (type === 'NotSupported')
    return `${path} is ${JSON.stringify(value)}: must be one of ${(schema?.enum ?? []).join(', ')}.${purpose}`
  if (schema?.pattern !== undefined && problem.message.includes('should match'))
    return `${path} is ${JSON.stringify(value)}, which does not have its form (${schema.pattern}).${purpose}`
  // What the rules between fields say is a sentence already.
  if (type === 'Invalid' && value === undefined) return `${path}: ${problem.message}`
  return `${path}: ${describeProblem(problem)}.${purpose}`
}

function unknownField(path: string): string {
  const dot = path.lastIndexOf('.')
  const names = Object.keys(schemaAt(path.slice(0, Math.max(0, dot)))?.properties ?? {})
  const near = nearestName(path.slice(dot + 1), names)
  return near === undefined
    ? `${path} is not a field of a schematic: remove it. There are ${names.join(', ')}.`
    : `${path} is not a field of a schematic: did you mean ${near}?`
}

function schemaAt(path: string): Schema | undefined {
  let schema: Schema | undefined = schematicSchema
  for (const part of path.split(/\.|(?=\[)/).filter((each) => each !== ''))
    schema = part.startsWith('[') ? schema?.items : schema?.properties?.[part]
  return schema
}

const articles: Readonly<Record<string, string>> = {
  object: 'a mapping (name: value)',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
}

const articleOf = (type: string) => articles[type] ?? type

const wordOf = (schema: Schema | undefined) =>
  schema?.['x-kubernetes-int-or-string'] === true
    ? 'a whole number or text'
    : articleOf(schema?.type ?? 'object')
