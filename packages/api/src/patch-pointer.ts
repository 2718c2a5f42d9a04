import { isPlainObject, setKey } from '@skerry/base/json'
import { badRequest } from './status.ts'

/** A deeper path is not one of ours. */
const pointerTokensMax = 100

/** The tokens of a JSON Pointer (RFC 6901). */
export function parsePointer(text: unknown, where: string): string[] {
  if (typeof text !== 'string') throw badRequest(`${where} must be a string such as /spec/timeZone`)
  if (text === '') return []
  if (!text.startsWith('/')) throw badRequest(`${where} must be empty or start with a slash`)
  const tokens = text.slice(1).split('/')
  if (tokens.length > pointerTokensMax)
    throw badRequest(`${where} may have at most ${pointerTokensMax} parts`)
  return tokens.map((token) => {
    if (/~(?![01])/.test(token))
      throw badRequest(`${where}: write ~0 for a tilde and ~1 for a slash`)
    return token.replaceAll('~1', '/').replaceAll('~0', '~')
  })
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

/** An index up to `last`, or -1. */
export function arrayIndex(token: string, last: number): number {
  if (!/^(0|[1-9]\d{0,8})$/.test(token)) return -1
  const index = Number(token)
  return index <= last ? index : -1
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
