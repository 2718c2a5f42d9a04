import { isPlainObject } from '@skerry/base/json'
import type { Problem } from '../problem.ts'
import type { DefinitionColumn, DefinitionVersion } from './definition.ts'
import { parseJsonPath } from './json-path.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'

const simplePath = 'must be a simple json path starting with .'
const columnTypes = 'boolean,date,integer,number,string'
const columnFormats = 'byte,date,date-time,double,float,int32,int64,password'

/** A path of plain names: `.spec.replicas`. */
const plainPath = /^(\.[^.[\]\s]+)+$/

export function subresourceProblems({ subresources }: DefinitionVersion, at: string): Problem[] {
  const scale = subresources?.scale
  if (scale === undefined) return []
  const path = `${at}subresources.scale`
  return [
    ...scalePathProblems(`${path}.specReplicasPath`, scale.specReplicasPath, '.spec'),
    ...scalePathProblems(`${path}.statusReplicasPath`, scale.statusReplicasPath, '.status'),
    ...((scale.labelSelectorPath ?? '') === ''
      ? []
      : selectorPathProblems(`${path}.labelSelectorPath`, scale.labelSelectorPath!)),
  ]
}

function scalePathProblems(path: string, value: string | undefined, under: string): Problem[] {
  if (value === undefined || value === '') return [{ path, type: 'Required', message: '' }]
  if (!value.startsWith('.')) return [{ path, type: 'Invalid', value, message: simplePath }]
  if (!value.startsWith(`${under}.`))
    return [{ path, type: 'Invalid', value, message: `should be a json path under ${under}` }]
  return []
}

function selectorPathProblems(path: string, value: string): Problem[] {
  if (!value.startsWith('.')) return [{ path, type: 'Invalid', value, message: simplePath }]
  if (/^\.(spec|status)\./.test(value)) return []
  return [
    {
      path,
      type: 'Invalid',
      value,
      message: 'should be a json path under either .spec or .status',
    },
  ]
}

export function columnProblems(
  { additionalPrinterColumns = [] }: DefinitionVersion,
  at: string,
): Problem[] {
  return additionalPrinterColumns.flatMap((column, index) =>
    oneColumnProblems(column, `${at}additionalPrinterColumns[${index}]`),
  )
}

function oneColumnProblems(column: Partial<DefinitionColumn>, path: string): Problem[] {
  const { name = '', type = '', jsonPath = '', format = '' } = column
  const problems: Problem[] = []
  if (name === '') problems.push({ path: `${path}.name`, type: 'Required', message: '' })
  if (type === '')
    problems.push({
      path: `${path}.type`,
      type: 'Required',
      message: `must be one of ${columnTypes}`,
    })
  else if (!columnTypes.split(',').includes(type))
    problems.push({
      path: `${path}.type`,
      type: 'Invalid',
      value: type,
      message: `must be one of ${columnTypes}`,
    })
  if (format !== '' && !columnFormats.split(',').includes(format))
    problems.push({
      path: `${path}.format`,
      type: 'Invalid',
      value: format,
      message: `must be one of ${columnFormats}`,
    })
  if (jsonPath === '') problems.push({ path: `${path}.JSONPath`, type: 'Required', message: '' })
  else problems.push(...jsonPathProblems(`${path}.JSONPath`, jsonPath))
  return problems
}

function jsonPathProblems(path: string, value: string): Problem[] {
  if (!value.startsWith('.')) return [{ path, type: 'Invalid', value, message: simplePath }]
  const parsed = parseJsonPath(value)
  if (parsed.ok) return []
  return [{ path, type: 'Invalid', value, message: `is an invalid json path: ${parsed.reason}` }]
}

const selectableMax = 8

export function selectableFieldProblems(
  { selectableFields = [] }: DefinitionVersion,
  schema: JsonSchemaProps,
  at: string,
): Problem[] {
  const problems: Problem[] = []
  if (selectableFields.length > selectableMax)
    problems.push({
      path: `${at}selectableFields`,
      type: 'TooMany',
      value: selectableFields.length,
      message: `must have at most ${selectableMax} items`,
    })
  for (const [index, { jsonPath = '' }] of selectableFields.entries()) {
    const path = `${at}selectableFields[${index}].jsonPath`
    if (jsonPath === '') problems.push({ path, type: 'Required', message: '' })
    else if (selectableFields.findIndex((other) => other.jsonPath === jsonPath) < index)
      problems.push({ path, type: 'Duplicate', value: jsonPath, message: '' })
    else problems.push(...selectablePathProblems(jsonPath, schema, path))
  }
  return problems
}

function selectablePathProblems(value: string, schema: JsonSchemaProps, path: string): Problem[] {
  const bad = (message: string): Problem[] => [{ path, type: 'Invalid', value, message }]
  const nowhere = 'is an invalid path: does not refer to a valid field'
  if (!plainPath.test(value) || value.startsWith('.metadata.')) return bad(nowhere)
  let at: JsonSchemaProps | undefined = schema
  for (const name of value.slice(1).split('.')) {
    const properties: JsonSchemaProps['properties'] = at?.properties
    at = isPlainObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  }
  if (at === undefined) return bad(nowhere)
  return ['string', 'boolean', 'integer'].includes(at.type ?? '')
    ? []
    : bad(
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      )
}
