import type { Problem } from './problem.ts'

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

/** An object's name: a DNS subdomain (RFC 1123). */
export function nameProblems(name: unknown, path: string): Problem[] {
  if (typeof name !== 'string' || name === '')
    return [{ path, type: 'Required', message: 'name or generateName is required' }]
  if (name.length > 253)
    return [{ path, type: 'TooLong', message: 'must have at most 253 characters' }]
  if (!subdomain.test(name))
    return [
      {
        path,
        type: 'Invalid',
        value: name,
        message:
          "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      },
    ]
  return []
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

/** Labels and annotations: keys with an optional DNS prefix; values of labels are short and plain. */
export function labelProblems(labels: unknown, path: string): Problem[] {
  if (typeof labels !== 'object' || labels === null) return []
  return Object.entries(labels).flatMap(([key, value]): Problem[] => {
    const problems = keyProblems(key, path)
    if (typeof value === 'string' && value !== '' && (value.length > 63 || !qualified.test(value)))
      problems.push({
        path: `${path}.${key}`,
        type: 'Invalid',
        value,
        message:
          "a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      })
    return problems
  })
}

export function annotationProblems(annotations: unknown, path: string): Problem[] {
  if (typeof annotations !== 'object' || annotations === null) return []
  return Object.keys(annotations).flatMap((key) => keyProblems(key.toLowerCase(), path))
}

function keyProblems(key: string, path: string): Problem[] {
  const parts = key.split('/')
  const name = parts.at(-1)!
  const prefix = parts.length === 2 ? parts[0]! : undefined
  const isGood =
    parts.length <= 2 &&
    name.length <= 63 &&
    qualified.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix)))
  return isGood
    ? []
    : [
        {
          path,
          type: 'Invalid',
          value: key,
          message:
            'a key must be [PREFIX/]NAME with a name of at most 63 alphanumeric characters, - _ or .',
        },
      ]
}
