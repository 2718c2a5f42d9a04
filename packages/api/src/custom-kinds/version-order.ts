const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/

/** Kubernetes' order of versions: v10, v2, v1, v2beta1, v1alpha3, then any others by their letters. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [pattern.exec(left), pattern.exec(right)]
  if (a === null || b === null) {
    if (a !== null) return -1
    if (b !== null) return 1
    return left < right ? -1 : left > right ? 1 : 0
  }
  return stage(b) - stage(a) || Number(b[1]) - Number(a[1]) || Number(b[3] ?? 0) - Number(a[3] ?? 0)
}

const stage = (found: RegExpExecArray): number =>
  found[2] === undefined ? 2 : found[2] === 'beta' ? 1 : 0
