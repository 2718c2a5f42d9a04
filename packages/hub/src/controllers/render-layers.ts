import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import { contentDigest } from './content-digest.ts'

export type RenderedLayers =
  | { readonly ok: true; readonly layers: ResolvedLayer[] }
  | { readonly ok: false; readonly message: string }

type Workload = NonNullable<ResolvedLayer['workload']>

function usesVariables({ command, environment }: Workload): boolean {
  return [...command, ...Object.values(environment)].some((text) => text.includes('${site.'))
}

const variable = /\$\{site\.([^}]*)\}/g

/**
 * The layers of a revision as they run at one site: `${site.NAME}` in commands and environments
 * becomes the site's value. What differs from site to site has a digest of its own.
 */
export function renderLayers(
  layers: readonly ResolvedLayer[],
  variables: Readonly<Record<string, string>>,
): RenderedLayers {
  const missing = new Set<string>()
  const render = (text: string) =>
    text.replace(variable, (whole, name: string) => {
      if (Object.hasOwn(variables, name)) return variables[name]!
      missing.add(name)
      return whole
    })
  const rendered = layers.map((layer): ResolvedLayer => {
    // The same everywhere: ten thousand sites need not hash it ten thousand times.
    if (layer.workload === undefined || !usesVariables(layer.workload)) return layer
    const workload = {
      ...layer.workload,
      command: layer.workload.command.map(render),
      environment: Object.fromEntries(
        Object.entries(layer.workload.environment).map(([name, value]) => [name, render(value)]),
      ),
    }
    return { ...layer, workload, digest: contentDigest(workload) }
  })
  if (missing.size === 0) return { ok: true, layers: rendered }
  const names = [...missing].map((name) => `\${site.${name}}`).join(', ')
  return {
    ok: false,
    message: `The site has no value for ${names}: set it under spec.variables of the Site.`,
  }
}
