const distanceMax = 3

/** The known name that somebody probably meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((each) => ({ each, distance: distanceOf(name.toLowerCase(), each.toLowerCase()) }))
    .toSorted((left, right) => left.distance - right.distance)
  const [best] = ranked
  const isNear = best !== undefined && best.distance <= Math.min(distanceMax, name.length / 2)
  return isNear ? best.each : undefined
}

/** Letters to change, add or remove (Levenshtein). */
function distanceOf(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > distanceMax) return distanceMax + 1
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (const [index, letter] of left.split('').entries()) {
    const next = [index + 1]
    for (let at = 0; at < right.length; at += 1)
      next.push(
        Math.min(next[at]! + 1, row[at + 1]! + 1, row[at]! + (right[at] === letter ? 0 : 1)),
      )
    row = next
  }
  return row.at(-1)!
}
