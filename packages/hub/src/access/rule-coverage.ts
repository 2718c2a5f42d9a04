import type { PolicyRule } from '@skerry/api/kinds/rbac'
import { type CompiledRules, withoutStars } from './rule-match.ts'

/** The parts of `wanted` that nothing held covers, each as small as can be. */
export function uncoveredRules(
  held: readonly CompiledRules[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  const missing: PolicyRule[] = []
  for (const rule of wanted)
    for (const atom of atomsOf(rule))
      if (!held.some((rules) => covers(rules, atom))) missing.push(atom)
  return missing
}

/** Into how many parts rules fall when they are checked one by one. */
export function countAtoms(rules: readonly PolicyRule[]): number {
  const countOf = (values: readonly string[] | undefined): number => values?.length ?? 0
  return rules.reduce((sum, rule) => {
    const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
    const about =
      countOf(apiGroups) * countOf(resources) * Math.max(1, countOf(resourceNames)) +
      countOf(nonResourceURLs)
    return sum + verbs.length * about
  }, 0)
}

/** A rule as rules of one verb and one resource, name or path each. */
function* atomsOf(rule: PolicyRule): Generator<PolicyRule> {
  const names = rule.resourceNames ?? []
  for (const group of rule.apiGroups ?? [])
    for (const resource of rule.resources ?? [])
      for (const verb of rule.verbs) {
        const atom = { verbs: [verb], apiGroups: [group], resources: [resource] }
        if (names.length === 0) yield atom
        else for (const name of names) yield { ...atom, resourceNames: [name] }
      }
  for (const url of rule.nonResourceURLs ?? [])
    for (const verb of rule.verbs) yield { verbs: [verb], nonResourceURLs: [url] }
}

function covers(held: CompiledRules, atom: PolicyRule): boolean {
  const verb = atom.verbs[0]!
  const url = atom.nonResourceURLs?.[0]
  if (url !== undefined)
    return held.paths.some(
      ({ verbs, urls }) => hasOrAll(verbs, verb) && urls.some((owned) => coversUrl(owned, url)),
    )
  const group = atom.apiGroups![0]!
  const name = atom.resourceNames?.[0]
  return namesOfResource(atom.resources![0]!).some((resource) =>
    (held.byResource.get(resource) ?? []).some(
      ({ verbs, groups, names }) =>
        hasOrAll(verbs, verb) &&
        hasOrAll(groups, group) &&
        (names === undefined || (name !== undefined && names.has(name))),
    ),
  )
}

/** What a rule may call it that covers it. */
function namesOfResource(resource: string): readonly string[] {
  const slash = resource.indexOf('/')
  return slash === -1 ? ['*', resource] : ['*', resource, `*${resource.slice(slash)}`]
}

function hasOrAll(values: ReadonlySet<string>, value: string): boolean {
  return values.has('*') || values.has(value)
}

function coversUrl(held: string, url: string): boolean {
  return held === url || (held.endsWith('*') && url.startsWith(withoutStars(held)))
}

/** Rules about the same one thing become one, which names all their verbs. */
function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted = new Map<string, PolicyRule>()
  for (const [index, rule] of rules.entries()) {
    const isPath = rule.nonResourceURLs !== undefined
    const { apiGroups, resources, resourceNames } = rule
    const key = isPath ? String(index) : JSON.stringify([apiGroups, resources, resourceNames])
    const known = compacted.get(key)
    compacted.set(
      key,
      known === undefined ? rule : { ...known, verbs: [...known.verbs, ...rule.verbs] },
    )
  }
  return [...compacted.values()]
}

/** Rules as kube-apiserver names them in a refusal, one on each line. */
export function describeRules(rules: readonly PolicyRule[], toldMax: number): string {
  const lines = [...new Set(compactRules(rules).map(describeRule))].toSorted()
  const left = lines.length - toldMax
  return [...lines.slice(0, toldMax), ...(left > 0 ? [`and ${left} more`] : [])].join('\n')
}

function describeRule(rule: PolicyRule): string {
  const parts = (
    [
      ['APIGroups', rule.apiGroups],
      ['Resources', rule.resources],
      ['NonResourceURLs', rule.nonResourceURLs],
      ['ResourceNames', rule.resourceNames],
      ['Verbs', rule.verbs],
    ] as const
  ).filter(([, values]) => values !== undefined && values.length > 0)
  return `{${parts.map(([name, values]) => `${name}:[${quoted(values!)}]`).join(', ')}}`
}

export function quoted(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(' ')
}
