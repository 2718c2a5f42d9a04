import { cloneJson, equalJson, isPlainObject, jsonDepth } from '@skerry/base/json'
import { goJsonType } from './go-text.ts'
import { insertAt, lookUp, parsePointer, removeAt } from './patch-pointer.ts'
import { ApiError, badRequest } from './status.ts'

/** As many as a kube-apiserver takes. */
const patchOperationsMax = 10_000
/** A patch that copies copies grows without end; all its copies together stay below the size of a request. */
const copiedBytesMax = 3 * 2 ** 20
const copiedDepthMax = 100

type Operation = {
  readonly op: unknown
  /** Undefined where the text is no path. */
  readonly path: readonly string[] | undefined
  readonly from: readonly string[] | undefined
  readonly value: unknown
}

/**
 * The document after a JSON patch (RFC 6902), as Kubernetes understands it: replacing a member that is not
 * there adds it. The original is not touched. Throws BadRequest for what is no list of operations, and
 * Invalid for one that does not fit this document.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw undecodable(`${goJsonType(patch)} into Go value of type []handlers.jsonPatchOp`)
  const operations = patch.map(readOperation)
  if (operations.length > patchOperationsMax)
    throw new ApiError(
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${patchOperationsMax}, got ${operations.length}`,
    )
  const box: Box = { root: cloneJson(document), copiedBytes: 0 }
  for (const operation of operations) if (!applyOperation(box, operation)) throw misfit()
  return box.root
}

function readOperation(item: unknown): Operation {
  if (!isPlainObject(item) && item !== null)
    throw undecodable(`${goJsonType(item)} into Go value of type handlers.jsonPatchOp`)
  const { op, path, from, value = null } = item ?? {}
  for (const [field, text] of Object.entries({ op, path, from }))
    if (text !== undefined && text !== null && typeof text !== 'string')
      throw undecodable(
        `${goJsonType(text)} into Go struct field jsonPatchOp.${field} of type string`,
      )
  return { op, path: parsePointer(path), from: parsePointer(from), value }
}

type Box = { root: unknown; copiedBytes: number }

/** False if the operation does not fit the document. */
function applyOperation(box: Box, { op, path, from, value }: Operation): boolean {
  if (path === undefined) return false
  switch (op) {
    case 'add':
      return path.length > 0 && add(box, path, cloneJson(value))
    case 'remove':
      return remove(box, path)
    case 'replace':
      return replace(box, path, cloneJson(value))
    case 'move': {
      const moved = from === undefined ? undefined : lookUp(box.root, from)
      return moved !== undefined && remove(box, from!) && path.length > 0 && add(box, path, moved)
    }
    case 'copy':
      return from !== undefined && path.length > 0 && copy(box, from, path)
    case 'test':
      return equalJson(lookUp(box.root, path) ?? null, value)
    default:
      return false
  }
}

function add(box: Box, path: readonly string[], value: unknown): boolean {
  return insertAt(lookUp(box.root, path.slice(0, -1)), path.at(-1)!, value)
}

function remove(box: Box, path: readonly string[]): boolean {
  return path.length > 0 && removeAt(lookUp(box.root, path.slice(0, -1)), path.at(-1)!)
}

function replace(box: Box, path: readonly string[], value: unknown): boolean {
  if (path.length === 0) {
    Object.assign(box, { root: value })
    return true
  }
  // An item must be there; a member need not.
  const isItem = Array.isArray(lookUp(box.root, path.slice(0, -1)))
  return (!isItem || remove(box, path)) && add(box, path, value)
}

function copy(box: Box, from: readonly string[], path: readonly string[]): boolean {
  const source = lookUp(box.root, from)
  if (source === undefined) return false
  if (jsonDepth(source, copiedDepthMax) > copiedDepthMax) return false
  box.copiedBytes += JSON.stringify(source).length
  return box.copiedBytes <= copiedBytesMax && add(box, path, cloneJson(source))
}

const undecodable = (what: string): ApiError =>
  badRequest(`error decoding patch: json: cannot unmarshal ${what}`)

/** Kubernetes does not say which operation it was. */
const misfit = (): ApiError =>
  new ApiError('Invalid', 'the server rejected our request due to an error in our request', {})
