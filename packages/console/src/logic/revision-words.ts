import type { ProfileRevision } from '@skerry/api/kinds/profile'

/** A layer that differs between two revisions: `digits v2 → v3`. */
export type LayerChange = {
  readonly layer: string
  readonly before?: string
  readonly after?: string
}

type Layer = ProfileRevision['spec']['layers'][number]

const wordsOf = (layer: Layer): string =>
  layer.model === undefined ? layer.name : `${layer.model.name} ${layer.model.version}`

/** What changes from one revision to the next, in the order of the new stack. */
export function revisionChanges(
  before: ProfileRevision | undefined,
  after: ProfileRevision | undefined,
): LayerChange[] {
  if (after === undefined) return []
  const old = new Map(before?.spec.layers.map((layer) => [layer.name, layer]))
  const changed = after.spec.layers.flatMap((layer): LayerChange[] => {
    const last = old.get(layer.name)
    if (last?.digest === layer.digest) return []
    const next = { layer: layer.name, after: wordsOf(layer) }
    return [last === undefined ? next : { ...next, before: wordsOf(last) }]
  })
  const kept = new Set(after.spec.layers.map(({ name }) => name))
  const gone = [...old.values()].filter(({ name }) => !kept.has(name))
  return [...changed, ...gone.map((layer) => ({ layer: layer.name, before: wordsOf(layer) }))]
}

/** A revision in words: the versions of its models, or its name. */
export function revisionWords(name: string, revision: ProfileRevision | undefined): string {
  const models = revision?.spec.layers.filter(({ model }) => model !== undefined) ?? []
  return models.length === 0 ? name : models.map(wordsOf).join(', ')
}

/** The change in one line: `digits v2 → digits v3`. */
export function changeWords(changes: readonly LayerChange[]): string {
  return changes
    .map(({ layer, before, after }) =>
      after === undefined
        ? `${layer} removed`
        : before === undefined
          ? after
          : before === after
            ? `${after} changed`
            : `${before} → ${after}`,
    )
    .join(', ')
}
