/** What `node --cpu-prof` writes. */
type Profile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

type Frame = { name: string; microseconds: number; children: Map<string, Frame> }

const width = 1_200
const rowHeight = 17
const narrowestPixels = 0.6

/** A flame graph as SVG: the wider a bar, the more processor time; idle time and the start are left out. */
export function flameGraph(text: string, title: string): string {
  const root = framesOf(JSON.parse(text) as Profile)
  const bars: string[] = []
  let deepest = 0
  const draw = (frame: Frame, x: number, depth: number): void => {
    const pixels = (frame.microseconds / root.microseconds) * width
    if (pixels < narrowestPixels) return
    deepest = Math.max(deepest, depth)
    const share = ((frame.microseconds / root.microseconds) * 100).toFixed(1)
    const label = escape(frame.name)
    const shown = pixels > 40 ? escape(frame.name.slice(0, Math.floor(pixels / 6.2))) : ''
    bars.push(
      `<g><title>${label} ${share} %</title><rect x="${x.toFixed(1)}" y="${depth * rowHeight}" width="${pixels.toFixed(1)}" height="${rowHeight - 1}" fill="${colorOf(frame.name)}"/><text x="${(x + 3).toFixed(1)}" y="${depth * rowHeight + 12}">${shown}</text></g>`,
    )
    let at = x
    for (const child of [...frame.children.values()].toSorted(byTime)) {
      draw(child, at, depth + 1)
      at += (child.microseconds / root.microseconds) * width
    }
  }
  draw(root, 0, 1)
  const height = (deepest + 2) * rowHeight
  const heading = `<text x="3" y="12">${escape(title)}: ${(root.microseconds / 1e6).toFixed(1)} s of processor time on the main thread</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="10">${heading}\n${bars.join('\n')}\n</svg>\n`
}

const byTime = (left: Frame, right: Frame) => right.microseconds - left.microseconds

function framesOf({ nodes, samples, timeDeltas }: Profile): Frame {
  const parents = new Map<number, number>()
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id)
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const root: Frame = { name: 'all', microseconds: 0, children: new Map() }
  for (const [index, sample] of samples.entries()) {
    const stack: string[] = []
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id))
      stack.push(names.get(id)!)
    // The first of all is the profile's own root.
    stack.pop()
    if (stack[0] === '(idle)' || stack.length === 0 || stack.some(isStarting)) continue
    const microseconds = Math.max(0, timeDeltas[index] ?? 0)
    root.microseconds += microseconds
    let frame = root
    for (const name of stack.toReversed()) {
      const next: Frame = frame.children.get(name) ?? { name, microseconds: 0, children: new Map() }
      frame.children.set(name, next)
      next.microseconds += microseconds
      frame = next
    }
  }
  return root
}

/** Loading the program is no part of any path. */
const isStarting = (name: string): boolean => / (?:esm|cjs|modules|vm)\//.test(name)

function nameOf(frame: Profile['nodes'][number]['callFrame']): string {
  const file = frame.url.split('/').slice(-2).join('/')
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
  return file === '' ? name : `${name} ${file}:${frame.lineNumber + 1}`
}

/** Ours are warm, what is Node's or a library's is grey. */
function colorOf(name: string): string {
  if (!/ (?!node:|internal)/.test(name) || / (internal|node:|lib)\//.test(name)) return '#c9ccd3'
  const hue = (name.length * 7 + name.charCodeAt(0)) % 40
  return `hsl(${hue + 10} 85% ${62 + (hue % 12)}%)`
}

const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
