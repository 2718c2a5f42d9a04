import { isPlainObject, isRawNumber, parseJson, setKey } from '@skerry/base/json'
import { parse, stringify } from 'yaml'
import { yamlScalars } from './yaml-scalars.ts'

/** Aliases of a document that are followed: enough for people, too few for a bomb. */
const aliasesMax = 100

/** One YAML document as JSON; large integers keep their digits. Throws what `yaml` throws. */
export function parseYaml(text: string): unknown {
  const value: unknown = parse(text, {
    schema: 'failsafe',
    customTags: [...yamlScalars],
    maxAliasCount: aliasesMax,
    prettyErrors: true,
    logLevel: 'error',
    merge: false,
  })
  return replaceValues(value, fromBigInt)
}

export function formatYaml(value: unknown): string {
  return stringify(replaceValues(value, toBigInt), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    sortMapEntries: true,
    indentSeq: false,
    version: '1.1',
    // What a reader of either version takes for something else than text is quoted.
    compat: 'core',
  })
}

function fromBigInt(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : parseJson(String(value))
}

function toBigInt(value: unknown): unknown {
  return isRawNumber(value) ? BigInt(value.rawJSON) : value
}

function replaceValues(value: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => replaceValues(item, replace))
  if (!isPlainObject(value)) return replace(value)
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    if (member !== undefined) setKey(result, key, replaceValues(member, replace))
  return result
}
