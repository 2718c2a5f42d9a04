import { type Document, LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import { jsonDepth } from '@skerry/base/json'
import type { Problem } from '@skerry/api/problem'
import { applyDefaults } from '@skerry/api/schema-defaults'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { validateSchema } from '@skerry/api/schema-validate'
import { mistakesShownMax, schematicBytesMax, schematicDepthMax, yamlAliasesMax } from './limits.ts'
import { schematicMistakes } from './schematic-mistakes.ts'
import { type Schematic, schematicSchema } from './schematic.ts'
import { describeMistake } from './describe-mistake.ts'

/** One mistake, with the place in the file where it stands. */
export type SchematicMistake = {
  readonly line: number
  readonly column: number
  /** What is wrong and what to do. */
  readonly message: string
}

export type ParsedSchematic =
  | { readonly ok: true; readonly schematic: Schematic }
  | { readonly ok: false; readonly mistakes: readonly SchematicMistake[] }

/** `image.yaml`, or everything that is wrong with it. Takes anything, throws nothing. */
export function parseSchematic(bytes: Uint8Array): ParsedSchematic {
  const refuse = (message: string): ParsedSchematic => ({
    ok: false,
    mistakes: [{ line: 1, column: 1, message }],
  })
  if (bytes.length > schematicBytesMax)
    return refuse(
      `The file has ${bytes.length} bytes where a schematic has at most ${schematicBytesMax}: name large files by "source".`,
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('The file is not UTF-8 text: save it as UTF-8.')
  }
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  if (document.errors.length > 0)
    return {
      ok: false,
      mistakes: document.errors
        .slice(0, mistakesShownMax)
        .map((error) => ({ ...at(error.pos[0]), message: `not YAML: ${parserWords(error)}` })),
    }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: yamlAliasesMax })
  } catch (error) {
    return refuse(
      `The file cannot be read: ${error instanceof Error ? error.message : String(error)}. Write it without aliases.`,
    )
  }
  if (jsonDepth(value, schematicDepthMax) > schematicDepthMax)
    return refuse(`The file nests deeper than ${schematicDepthMax} levels: no schematic does.`)
  const checked = checkValue(value)
  if (checked.ok) return checked
  const mistakes = checked.problems
    .map((problem) => ({
      ...at(offsetOf(document, pathSegments(problem.path))),
      message: printable(describeMistake(problem)),
    }))
    .toSorted((left, right) => left.line - right.line || left.column - right.column)
  return { ok: false, mistakes: mistakes.slice(0, mistakesShownMax) }
}

/** The parser of deep nesting speaks of itself. */
const parserWords = ({ message }: Error) =>
  /call stack/.test(message) ? 'it nests too deeply' : printable(message)

/** Names come from the file: nothing of them may move the cursor of a terminal. */
const printable = (text: string) => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '\uFFFD')

type Checked =
  | { readonly ok: true; readonly schematic: Schematic }
  | { readonly ok: false; readonly problems: readonly Problem[] }

function checkValue(value: unknown): Checked {
  const { unknownFields } = pruneUnknown(schematicSchema, value, '')
  const unknown = unknownFields.map((path): Problem => ({ path, type: 'Unknown', message: '' }))
  const whole = applyDefaults(schematicSchema, value)
  const wrong = validateSchema(schematicSchema, whole, '').filter(({ path }) => path !== '<nil>')
  // Rules between fields are looked at where every field is what it should be.
  const own = wrong.length === 0 ? schematicMistakes(whole as Schematic) : []
  const problems = [...unknown, ...wrong, ...own]
  return problems.length === 0
    ? { ok: true, schematic: whole as Schematic }
    : { ok: false, problems }
}

/** `files[0].mode` as `files`, `0`, `mode`. */
function pathSegments(path: string): readonly (string | number)[] {
  return path
    .split(/\.|(?=\[)/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('[') ? Number(part.slice(1, -1)) : part))
}

/** Where a field stands, or the nearest thing around it when it is missing. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(segment),
      )
      if (pair === undefined) return offset
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
      node = pair.value
    } else if (isSeq(node) && typeof segment === 'number') {
      node = node.items[segment]
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset
    } else return offset
  }
  return offset
}
