import type { Problem } from '../problem.ts'

/** What ConfigMaps and Secrets have in common: keys that can be file names, and a size. */
const keyPattern = /^[-._a-zA-Z0-9]+$/
const keyCharactersMax = 253
export const dataBytesMax = 2 ** 20

export function dataKeyProblems(path: string, data: object | undefined): Problem[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    keyRules(key).map((message): Problem => ({
      path: `${path}[${key}]`,
      type: 'Invalid',
      value: key,
      message,
    })),
  )
}

function keyRules(key: string): string[] {
  return [
    ...(key.length > keyCharactersMax
      ? [`must be no more than ${keyCharactersMax} characters`]
      : []),
    ...(keyPattern.test(key)
      ? []
      : [
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ]),
    ...(key === '.' || key === '..'
      ? [`must not be '${key}'`]
      : key.startsWith('..')
        ? ["must not start with '..'"]
        : []),
  ]
}

export function dataSizeProblems(path: string, bytes: number): Problem[] {
  return bytes > dataBytesMax
    ? [{ path, type: 'TooLong', message: `may not be more than ${dataBytesMax} bytes` }]
    : []
}

type Immutable = { readonly immutable?: boolean }

/** What has been declared never to change does not, nor is it declared otherwise again. */
export function immutabilityProblems<T extends Immutable>(
  before: T | undefined,
  after: T,
  changed: readonly string[],
): Problem[] {
  if (before?.immutable !== true) return []
  return [...(after.immutable === true ? [] : ['immutable']), ...changed].map((path) => ({
    path,
    type: 'Forbidden',
    message: 'field is immutable when `immutable` is set',
  }))
}

export function textBytes(data: Readonly<Record<string, string>> | undefined): number {
  const encoder = new TextEncoder()
  return Object.values(data ?? {}).reduce((sum, value) => sum + encoder.encode(value).length, 0)
}

/** The bytes that base64 stands for. */
export function base64Bytes(data: Readonly<Record<string, string>> | undefined): number {
  return Object.values(data ?? {}).reduce(
    (sum, value) => sum + Math.floor((value.replaceAll('=', '').length * 3) / 4),
    0,
  )
}
