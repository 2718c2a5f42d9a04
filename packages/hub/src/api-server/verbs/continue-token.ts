import type { ObjectKey } from '@skerry/api/object'
import { type ApiError, badRequest } from '@skerry/api/status'
import { continueCharactersMax } from '../limits.ts'

/** Where the next page of a list begins, and of which version it is. Opaque to clients. */
export type ContinueToken = {
  /** -1: of now, whatever has changed since the first page. */
  readonly version: number
  readonly after: ObjectKey
  /** How many there are after it, as far as is known. */
  readonly remaining: number | undefined
}

const tokenVersion = 'meta.k8s.io/v1'

export function encodeContinue({ version, after, remaining }: ContinueToken): string {
  const start = `${after.namespace ?? ''}/${after.name}\u0000`
  const token = { v: tokenVersion, rv: version, start, n: remaining }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** Throws BadRequest in Kubernetes' words for what is none of ours. */
export function decodeContinue(text: string): ContinueToken {
  if (text.length > continueCharactersMax)
    throw invalidToken(`it is longer than ${continueCharactersMax} characters`)
  const odd = /[^A-Za-z0-9_-]/.exec(text.replace(/=+$/, ''))
  if (odd !== null) throw invalidToken(`illegal base64 data at input byte ${odd.index}`)
  const { v, rv, start, n } = fieldsOf(Buffer.from(text, 'base64url').toString())
  if (v !== tokenVersion)
    throw invalidToken(`server does not recognize this encoded version ${String(v).slice(0, 100)}`)
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1)
    throw invalidToken(`incorrect encoded start resourceVersion (version ${tokenVersion})`)
  if (typeof start !== 'string' || start === '')
    throw invalidToken(`encoded start key empty (version ${tokenVersion})`)
  return { version: rv, after: keyOf(start), remaining: isCount(n) ? n : undefined }
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw invalidToken('it holds no object')
}

/** A name, and a namespace before it where there is one; nothing that climbs. */
function keyOf(start: string): ObjectKey {
  const [namespace = '', name = '', ...more] = (
    start.endsWith('\u0000') ? start.slice(0, -1) : start
  ).split('/')
  const isOdd = [namespace, name].some((part) => part === '.' || part === '..')
  if (name === '' || more.length > 0 || isOdd || start.slice(0, -1).includes('\u0000'))
    throw invalidToken(start.slice(0, 100))
  return namespace === '' ? { name } : { namespace, name }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function invalidToken(why: string): ApiError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`)
}
