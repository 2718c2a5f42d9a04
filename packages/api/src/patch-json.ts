import { cloneJson, equalJson, isPlainObject, jsonDepth } from '@skerry/base/json'
import { insertAt, lookUp, parsePointer, removeAt } from './patch-pointer.ts'
import { ApiError, badRequest } from './status.ts'

/** As many as a kube-apiserver takes. */
const patchOperationsMax = 10_000
/** A patch that copies copies grows without end; all its copies together stay below this. */
const copiedValuesMax = 100_000
const copiedDepthMax = 100

type Operation = {
  readonly op: string
  readonly path: string[]
  readonly from: string[]
  readonly value: unknown
  /** How the operation is called in messages. */
  readonly where: string
}

/**
 * The document after a JSON patch (RFC 6902); the original is not touched. Throws BadRequest for a
 * patch that is not one, and Invalid for one that does not fit this document.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations')
  if (patch.length > patchOperationsMax)
    throw badRequest(`a JSON patch may have at most ${patchOperationsMax} operations`)
  const box = { root: cloneJson(document), copiedValues: 0 }
  for (const [index, item] of patch.entries()) applyOperation(box, readOperation(item, index))
  return box.root
}

function readOperation(item: unknown, index: number): Operation {
  const where = `operation ${index} of the JSON patch`
  if (!isPlainObject(item)) throw badRequest(`${where} must be an object`)
  const { op, from: origin } = item
  if (typeof op !== 'string' || !operations.has(op))
    throw badRequest(`${where}: op must be one of ${[...operations].join(', ')}`)
  if (needsValue.has(op) && !Object.hasOwn(item, 'value'))
    throw badRequest(`${where}: ${op} needs a value`)
  const path = parsePointer(item['path'], `${where}: path`)
  const from = needsFrom.has(op) ? parsePointer(origin, `${where}: from`) : []
  return { op, path, from, value: item['value'], where: `${where} (${op} /${path.join('/')})` }
}

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
const needsValue = new Set(['add', 'replace', 'test'])
const needsFrom = new Set(['move', 'copy'])

type Box = { root: unknown; copiedValues: number }

function applyOperation(box: Box, operation: Operation): void {
  const { op, path, from, value } = operation
  switch (op) {
    case 'add':
      return add(box, operation, cloneJson(value))
    case 'remove':
      return remove(box, operation, path)
    case 'replace':
      if (path.length > 0) remove(box, operation, path)
      return add(box, operation, cloneJson(value))
    case 'move': {
      if (isInside(path, from)) throw misfit(operation, 'a value cannot move into itself')
      const moved = lookUp(box.root, from)
      remove(box, operation, from)
      return add(box, operation, moved)
    }
    case 'copy':
      return add(box, operation, copied(box, operation))
    default:
      if (!equalJson(lookUp(box.root, path), value))
        throw misfit(operation, 'the value is another one')
  }
}

function copied(box: Box, operation: Operation): unknown {
  const source = lookUp(box.root, operation.from)
  if (source === undefined) throw misfit(operation, 'from names nothing')
  if (jsonDepth(source, copiedDepthMax) > copiedDepthMax)
    throw misfit(operation, `the value is nested deeper than ${copiedDepthMax}`)
  const copiedValues = box.copiedValues + countValues(source)
  Object.assign(box, { copiedValues })
  if (copiedValues > copiedValuesMax)
    throw misfit(operation, `the patch copies more than ${copiedValuesMax} values`)
  return cloneJson(source)
}

function countValues(value: unknown): number {
  const members = Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : []
  return members.reduce<number>((count, member) => count + countValues(member), 1)
}

function add(box: Box, operation: Operation, value: unknown): void {
  const { path } = operation
  if (path.length === 0) {
    Object.assign(box, { root: value })
    return
  }
  if (!insertAt(lookUp(box.root, path.slice(0, -1)), path.at(-1)!, value))
    throw misfit(operation, 'there is no such place')
}

function remove(box: Box, operation: Operation, path: readonly string[]): void {
  if (path.length === 0) throw misfit(operation, 'the whole document cannot be removed')
  if (!removeAt(lookUp(box.root, path.slice(0, -1)), path.at(-1)!))
    throw misfit(operation, 'there is no such value')
}

function isInside(path: readonly string[], ancestor: readonly string[]): boolean {
  return path.length > ancestor.length && ancestor.every((token, index) => path[index] === token)
}

function misfit(operation: Operation, why: string): ApiError {
  return new ApiError('Invalid', `${operation.where} does not fit this object: ${why}`)
}
