/** Order of kinds of segments: what follows `~` is older than the end, and the end older than the rest. */
const separators = ['~', '-', '^', '.'] as const
const ignored = /^[^A-Za-z0-9~^.-]+/

/**
 * Compares two versions as the boot loader does (the UAPI group's version format specification): negative
 * when the first is older. Digits compare as numbers and are newer than letters; a pre-release (`1.0~rc1`) is
 * older than its release, a longer version newer; what is not a letter, digit or separator counts for nothing.
 */
export function compareVersions(oneVersion: string, otherVersion: string): number {
  let [left, right] = [oneVersion, otherVersion]
  for (;;) {
    left = left.replace(ignored, '')
    right = right.replace(ignored, '')
    for (const separator of separators) {
      // A version that has ended is older than one that goes on, except where a pre-release begins.
      if (separator === '-' && (left === '' || right === ''))
        return Number(left !== '') - Number(right !== '')
      const hasLeft = left.startsWith(separator)
      const hasRight = right.startsWith(separator)
      if (hasLeft !== hasRight) return hasLeft ? -1 : 1
      if (hasLeft) {
        left = left.slice(1)
        right = right.slice(1)
      }
    }
    const isNumber = /^[0-9]/.test(left) || /^[0-9]/.test(right)
    const segment = isNumber ? /^[0-9]*/ : /^[A-Za-z]*/
    const [leftSegment] = segment.exec(left)!
    const [rightSegment] = segment.exec(right)!
    const order = isNumber
      ? compareNumbers(leftSegment, rightSegment)
      : compareLetters(leftSegment, rightSegment)
    if (order !== 0) return order
    left = left.slice(leftSegment.length)
    right = right.slice(rightSegment.length)
  }
}

/** As many digits as there are: no number of ours may overflow. A missing number is older than 0. */
function compareNumbers(left: string, right: string): number {
  if ((left === '') !== (right === '')) return left === '' ? -1 : 1
  const [a, b] = [left.replace(/^0+/, ''), right.replace(/^0+/, '')]
  return a.length === b.length ? compareLetters(a, b) : a.length - b.length
}

function compareLetters(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
