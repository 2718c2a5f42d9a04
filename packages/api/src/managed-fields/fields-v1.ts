import { isPlainObject } from '@skerry/base/json'
import { type FieldNode, type FieldSet, noFields } from './field-set.ts'
import { type PathElement, compareText, readPathElement, sortPathElements } from './path-element.ts'

/** A set of fields as Kubernetes writes it. */
export type FieldsV1 = { readonly [element: string]: FieldsV1 }

const itself = '.'
const nothingBelow: FieldsV1 = Object.freeze({})

/**
 * The order of steps: a kube-apiserver writes those of its own kinds by their values (9 before 10), those of
 * custom kinds by their text.
 */
export type StepOrder = 'values' | 'text'

export function writeFieldsV1(set: FieldSet, order: StepOrder): FieldsV1 {
  return writeLevel({ isMember: false, below: set }, order)
}

function writeLevel({ isMember, below }: FieldNode, order: StepOrder): FieldsV1 {
  if (below.size === 0) return nothingBelow
  const result: Record<string, FieldsV1> = {}
  if (isMember) result[itself] = nothingBelow
  const steps =
    order === 'values' ? sortPathElements(below.keys()) : [...below.keys()].sort(compareText)
  for (const element of steps) result[element] = writeLevel(below.get(element)!, order)
  return result
}

/** The set that a value describes; undefined if it describes none. Steps of an unknown sort are left out. */
export function readFieldsV1(value: unknown): FieldSet | undefined {
  return readLevel(value)?.below
}

function readLevel(value: unknown): FieldNode | undefined {
  if (value === null) return { isMember: true, below: noFields }
  if (!isPlainObject(value)) return undefined
  let isMember = false
  let below: Map<PathElement, FieldNode> | undefined
  for (const key of Object.keys(value)) {
    if (key === itself) {
      isMember = true
      continue
    }
    const read = readPathElement(key)
    if (read.type === 'malformed') return undefined
    if (read.type === 'unknown') continue
    const node = readLevel(value[key])
    if (node === undefined) return undefined
    below ??= new Map()
    below.set(read.element, node)
  }
  return below === undefined ? { isMember: true, below: noFields } : { isMember, below }
}
