/**
 * Which of two versions is newer, as the boot loader sees it: the version format of the UAPI group
 * (`strverscmp_improved` of systemd). Positive: `left` is newer.
 */
export function compareVersions(left: string, right: string): number {
  let a = left
  let b = right
  for (;;) {
    a = a.replace(/^[^A-Za-z0-9\-.~^]+/, '')
    b = b.replace(/^[^A-Za-z0-9\-.~^]+/, '')
    const tilde = compareSeparator(a, b, '~')
    if (tilde !== 0) return tilde
    if (a.startsWith('~')) [a, b] = [a.slice(1), b.slice(1)]
    if (a === '' || b === '') return Math.sign(a.length - b.length)
    for (const separator of ['-', '^', '.']) {
      const order = compareSeparator(a, b, separator)
      if (order !== 0) return order
      if (a.startsWith(separator)) [a, b] = [a.slice(1), b.slice(1)]
    }
    const isNumber = /^[0-9]/.test(a) || /^[0-9]/.test(b)
    const pattern = isNumber ? /^[0-9]*/ : /^[A-Za-z]*/
    const partA = pattern.exec(a)![0]
    const partB = pattern.exec(b)![0]
    const order = isNumber ? compareNumbers(partA, partB) : compareText(partA, partB)
    if (order !== 0) return order
    a = a.slice(partA.length)
    b = b.slice(partB.length)
  }
}

/** Who has the separator is older. */
function compareSeparator(a: string, b: string, separator: string): number {
  return Number(b.startsWith(separator)) - Number(a.startsWith(separator))
}

function compareNumbers(a: string, b: string): number {
  if (a === '' || b === '') return Math.sign(a.length - b.length)
  const numberA = a.replace(/^0+/, '')
  const numberB = b.replace(/^0+/, '')
  return Math.sign(numberA.length - numberB.length) || compareText(numberA, numberB)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
