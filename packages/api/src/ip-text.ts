/** 4 or 6 for the text of an address, as `node:net` says it; 0 for anything else. Without `node:`, for pure packages. */
export function isIP(text: string): 0 | 4 | 6 {
  return isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0
}

function isIPv4(text: string): boolean {
  const parts = text.split('.', 5)
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  )
}

function isIPv6(text: string): boolean {
  return parseIPv6(text) !== undefined
}

/** The eight groups of an address; undefined if it is none. */
export function parseIPv6(text: string): number[] | undefined {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half) => (half === '' ? [] : groupsOf(half)))
  if (groups.some((half) => half === undefined)) return undefined
  const [head = [], tail = []] = groups as number[][]
  const missing = 8 - head.length - tail.length
  if (halves.length === 1) return missing === 0 ? head : undefined
  return missing >= 1 ? [...head, ...Array.from({ length: missing }, () => 0), ...tail] : undefined
}

function groupsOf(half: string): number[] | undefined {
  const parts = half.split(':')
  const groups: number[] = []
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      if (index !== parts.length - 1 || !isIPv4(part)) return undefined
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
      groups.push(a * 256 + b, c * 256 + d)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** The four bytes of an address; undefined if it is none. */
export function parseIPv4(text: string): number[] | undefined {
  return isIPv4(text) ? text.split('.').map(Number) : undefined
}
