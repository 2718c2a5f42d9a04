import { isPlainObject, setKey } from '@skerry/base/json'

/** A deeper path is not one of ours. */
const pointerTokensMax = 100

/** The tokens of a JSON Pointer (RFC 6901); undefined if it is none. */
export function parsePointer(text: unknown): string[] | undefined {
  if (typeof text !== 'string') return undefined
  if (text === '') return []
  const tokens = text.split('/')
  if (tokens.length - 1 > pointerTokensMax || tokens.shift() !== '') return undefined
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value that a pointer names; undefined where there is none. */
export function lookUp(document: unknown, tokens: readonly string[]): unknown {
  let value = document
  for (const token of tokens) {
    if (Array.isArray(value)) value = value[arrayIndex(token, value.length - 1)]
    else if (isPlainObject(value) && Object.hasOwn(value, token)) value = value[token]
    else return undefined
  }
  return value
}

/** An index up to `last`, or -1. As in Kubernetes, those below 0 count from the end. */
export function arrayIndex(token: string, last: number): number {
  if (!/^[-+]?\d{1,9}$/.test(token)) return -1
  const asked = Number(token)
  const index = asked < 0 ? asked + last + 1 : asked + 0
  return index >= 0 && index <= last ? index : -1
}

/** Puts a value into a container that is there; false if there is no such place. */
export function insertAt(container: unknown, token: string, value: unknown): boolean {
  if (Array.isArray(container)) {
    const index = token === '-' ? container.length : arrayIndex(token, container.length)
    if (index < 0) return false
    container.splice(index, 0, value)
    return true
  }
  if (!isPlainObject(container)) return false
  setKey(container, token, value)
  return true
}

/** Takes a value out of its container; false if it was not there. */
export function removeAt(container: unknown, token: string): boolean {
  if (Array.isArray(container)) {
    const index = arrayIndex(token, container.length - 1)
    if (index < 0) return false
    container.splice(index, 1)
    return true
  }
  if (!isPlainObject(container) || !Object.hasOwn(container, token)) return false
  Reflect.deleteProperty(container, token)
  return true
}
