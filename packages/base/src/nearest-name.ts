/** More letters than this are no slip. */
const editsMax = 3

/** The name that was probably meant, if one is near enough. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly edits: number } | undefined
  const allowed = Math.min(editsMax, Math.max(1, Math.floor(name.length / 2)))
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > allowed) continue
    const edits = editsBetween(plain(name), plain(candidate))
    if (edits <= allowed && (best === undefined || edits < best.edits))
      best = { name: candidate, edits }
  }
  return best?.name
}

const plain = (name: string) => name.toLowerCase().replaceAll('-', '_')

/** Levenshtein's distance: letters to put in, take out or replace. */
function editsBetween(left: string, right: string): number {
  let above = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const line = [row]
    for (let column = 1; column <= right.length; column++)
      line.push(
        Math.min(
          above[column]! + 1,
          line[column - 1]! + 1,
          above[column - 1]! + (right[column - 1] === left[row - 1] ? 0 : 1),
        ),
      )
    above = line
  }
  return above[right.length]!
}
