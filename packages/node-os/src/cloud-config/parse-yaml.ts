import {
  type Document,
  LineCounter,
  type ParsedNode,
  Scalar,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
} from 'yaml'
import { toError } from '@skerry/base/assert'
import type { Finding, Position } from './finding.ts'
import { bracketDepthMax, configDepthMax, configNodesMax, configSeparatorsMax } from './limits.ts'
import type { Located, LocatedEntry } from './located.ts'

export type ParsedYaml = {
  /** Undefined when the file is empty or cannot be read. */
  readonly root: Located | undefined
  readonly findings: readonly Finding[]
}

/** YAML with lines and columns. Hostile text is refused with a sentence: it never throws and never grows. */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lines = new LineCounter()
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const refuse = (at: Position, message: string): ParsedYaml => ({
    root: undefined,
    findings: [
      {
        severity: 'error',
        code: 'Unreadable',
        at,
        path: '',
        message,
        advice: 'nothing of this file is used until it is mended',
      },
    ],
  })
  const start = { file, line: 1, column: 1 }
  if (separators(text) > configSeparatorsMax)
    return refuse(start, `has more than ${configSeparatorsMax} lines and commas`)
  if (bracketDepth(text) > bracketDepthMax)
    return refuse(start, `brackets nest more than ${bracketDepthMax} deep`)
  let documents: readonly Document.Parsed[]
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Looked for below: the parser compares each key with each other one, minutes for a hostile file.
      uniqueKeys: false,
    })
    documents = 'empty' in parsed ? [] : parsed
  } catch (thrown) {
    return refuse(start, `this is not YAML that can be read: ${toError(thrown).message}`)
  }
  const [document, second] = documents
  if (document === undefined) return { root: undefined, findings: [] }
  const [problem] = document.errors
  if (problem !== undefined)
    return refuse(
      place(problem.pos[0]),
      /call stack/.test(problem.message) ? 'it nests too deep' : oneLine(problem.message),
    )
  const walked = locate(document, place)
  if (!walked.ok) return refuse(walked.at, walked.message)
  return { root: walked.root, findings: second === undefined ? [] : [manyDocuments(second, place)] }
}

function manyDocuments(second: Document.Parsed, place: (offset: number) => Position): Finding {
  return {
    severity: 'warning',
    code: 'Suspicious',
    at: place(second.range[0]),
    path: '',
    message: 'a second document begins here, and only the first one of a file is used',
    advice: 'put it into a file of its own',
  }
}

type Walked =
  | { readonly ok: true; readonly root: Located | undefined }
  | { readonly ok: false; readonly at: Position; readonly message: string }

/** What makes the whole file unusable, found on the way. */
class Unusable extends Error {
  readonly at: Position

  constructor(at: Position, message: string) {
    super(message)
    this.at = at
  }
}

/** Aliases are followed here, so that a small text cannot become a large value. */
function locate(document: Document.Parsed, place: (offset: number) => Position): Walked {
  let nodes = 0
  const anchors = new Map<string, ParsedNode>()
  const walk = (node: ParsedNode, depth: number): Located => {
    const at = place(node.range[0])
    nodes += 1
    if (nodes > configNodesMax)
      throw new Unusable(at, `it holds more than ${configNodesMax} values, aliases followed`)
    if (depth > configDepthMax) throw new Unusable(at, `it nests more than ${configDepthMax} deep`)
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) throw new Unusable(at, `there is no anchor &${node.source}`)
      return walk(target, depth + 1)
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isSeq(node))
      return {
        kind: 'list',
        at,
        items: node.items.map((item) => walk(item as ParsedNode, depth + 1)),
      }
    if (isMap(node)) {
      const entries = new Map<string, LocatedEntry>()
      const inherited: Located[] = []
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? (key.source ?? String(key.value)) : String(key)
        const keyAt = place((key as ParsedNode).range[0])
        const found: Located =
          value === null
            ? { kind: 'scalar', at: keyAt, value: null, source: '', isPlain: true }
            : walk(value as ParsedNode, depth + 1)
        if (name !== '<<' && entries.has(name))
          throw new Unusable(
            keyAt,
            `the key ${JSON.stringify(name.slice(0, 60))} stands here twice`,
          )
        if (name === '<<') inherited.push(found)
        else entries.set(name, { keyAt, value: found })
      }
      inherit(entries, inherited)
      return { kind: 'map', at, entries }
    }
    const { value, source } = node
    return {
      kind: 'scalar',
      at,
      value: isPlainScalar(value) ? value : source,
      source,
      isPlain: node.type === Scalar.PLAIN,
    }
  }
  try {
    return { ok: true, root: document.contents === null ? undefined : walk(document.contents, 0) }
  } catch (thrown) {
    if (!(thrown instanceof Unusable)) throw thrown
    return { ok: false, at: thrown.at, message: thrown.message }
  }
}

/** `<<: *defaults`: what is written in the map itself wins. */
function inherit(entries: Map<string, LocatedEntry>, from: readonly Located[]): void {
  for (const node of from) {
    if (node.kind === 'list') inherit(entries, node.items)
    if (node.kind !== 'map') continue
    for (const [name, entry] of node.entries) if (!entries.has(name)) entries.set(name, entry)
  }
}

function isPlainScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

/** Each value has its line or its comma: what has more of them takes the parser too long. */
function separators(text: string): number {
  let count = 0
  for (const letter of text) if (letter === '\n' || letter === ',') count += 1
  return count
}

/** Counts brackets whether they are quoted or not: a bound, not a parser. */
function bracketDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (const line of text.split('\n')) {
    depth = /^\S/.test(line) && !/^[[{\]}]/.test(line) ? 0 : depth
    for (const letter of line) {
      if (letter === '[' || letter === '{') deepest = Math.max(deepest, ++depth)
      else if (letter === ']' || letter === '}') depth = Math.max(0, depth - 1)
    }
  }
  return deepest
}

const oneLine = (text: string) => text.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
