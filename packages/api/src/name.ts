import type { Problem } from './problem.ts'

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

/** An object's name: a DNS subdomain (RFC 1123). */
export function nameProblems(name: unknown, path: string): Problem[] {
  if (typeof name !== 'string' || name === '')
    return [{ path, type: 'Required', message: 'name or generateName is required' }]
  return subdomainRules(name).map(invalidAt(path, name))
}

/** A name that need only fit into a path, as those of roles. */
export function pathNameProblems(name: unknown, path: string): Problem[] {
  if (typeof name !== 'string' || name === '')
    return [{ path, type: 'Required', message: 'name or generateName is required' }]
  const problem = (message: string): Problem => ({ path, type: 'Invalid', value: name, message })
  if (name === '.' || name === '..') return [problem(`may not be '${name}'`)]
  return ['/', '%']
    .filter((part) => name.includes(part))
    .map((part) => problem(`may not contain '${part}'`))
}

/** A namespace's name: a DNS label. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && label.test(name)
}

const qualifiedMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

/** What is wrong with the key of a label, an annotation or a finalizer: `[PREFIX/]NAME`. */
export function qualifiedNameRules(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2)
    return [
      `a valid label key ${qualifiedMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts.at(-1)!
  const prefix = parts.length === 2 ? parts[0]! : undefined
  return [
    ...(prefix === undefined
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : subdomainRules(prefix).map((rule) => `prefix part ${rule}`)),
    ...(name === ''
      ? ['name part must be non-empty']
      : name.length > 63
        ? ['name part must be no more than 63 bytes']
        : []),
    ...(qualified.test(name) ? [] : [`name part ${qualifiedMessage}`]),
  ]
}

/** What is wrong with the value of a label. */
export function labelValueRules(value: string): string[] {
  return [
    ...(byteLength(value) > 63 ? ['must be no more than 63 bytes'] : []),
    ...(value === '' || qualified.test(value)
      ? []
      : [
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ]),
  ]
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** What is wrong with a DNS subdomain (RFC 1123). */
export function subdomainRules(name: string): string[] {
  return [
    ...(name.length > 253 ? ['must be no more than 253 characters'] : []),
    ...(subdomain.test(name)
      ? []
      : [
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ]),
  ]
}

/** What is wrong with a DNS label (RFC 1123). */
export function dnsLabelRules(name: string): string[] {
  if (label.test(name)) return name.length > 63 ? ['must be no more than 63 characters'] : []
  return [
    ...(name.length > 63 ? ['must be no more than 63 characters'] : []),
    subdomain.test(name)
      ? 'must not contain dots'
      : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]
}

const invalidAt =
  (path: string, value: unknown) =>
  (message: string): Problem => ({ path, type: 'Invalid', value, message })

/** Labels: keys with an optional DNS prefix; values are short and plain. */
export function labelProblems(labels: unknown, path: string): Problem[] {
  if (typeof labels !== 'object' || labels === null) return []
  return byKey(labels).flatMap(([key, value]): Problem[] => [
    ...qualifiedNameRules(key).map(invalidAt(path, key)),
    ...(typeof value === 'string' ? labelValueRules(value).map(invalidAt(path, value)) : []),
  ])
}

const annotationBytesMax = 256 * 1024

export function annotationProblems(annotations: unknown, path: string): Problem[] {
  if (typeof annotations !== 'object' || annotations === null) return []
  const entries = byKey(annotations)
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)),
    0,
  )
  return [
    ...entries.flatMap(([key]) => qualifiedNameRules(key.toLowerCase()).map(invalidAt(path, key))),
    ...(bytes > annotationBytesMax
      ? [
          {
            path,
            type: 'TooLong' as const,
            message: `may not be more than ${annotationBytesMax} bytes`,
          },
        ]
      : []),
  ]
}

function byKey(map: object): [string, unknown][] {
  return Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1))
}
