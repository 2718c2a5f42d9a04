/** Every page of the console and where it lives, in the part of the address after `#`. */
export const paths = {
  home: '/',
  signIn: '/sign-in',
  sites: '/ns/:namespace/sites',
  site: '/ns/:namespace/sites/:name',
  rollouts: '/ns/:namespace/rollouts',
  rollout: '/ns/:namespace/rollouts/:name',
  models: '/ns/:namespace/models',
} as const

export type PageName = keyof typeof paths

type ParameterOf<Path> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParameterOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

export type Parameters<P extends PageName> = Readonly<
  Record<ParameterOf<(typeof paths)[P]>, string>
>

export type Query = Readonly<Record<string, string>>

export type Route = {
  [P in PageName]: { readonly page: P; readonly parameters: Parameters<P>; readonly query: Query }
}[PageName]

/** The address of a page. Query values that are empty are left out. */
export function hrefOf<P extends PageName>(
  page: P,
  parameters: Parameters<P>,
  query: Query = {},
): string {
  const values: Readonly<Record<string, string>> = parameters
  const path = paths[page].replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  )
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''))
  return search.size === 0 ? `#${path}` : `#${path}?${search}`
}

/** The page at an address, or undefined where there is none. */
export function parseRoute(hash: string): Route | undefined {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2)
  const parts = partsOf(path)
  if (parts === undefined) return undefined
  for (const page of Object.keys(paths) as PageName[]) {
    const parameters = match(partsOf(paths[page]) ?? [], parts)
    if (parameters === undefined) continue
    const query = Object.fromEntries(new URLSearchParams(search))
    return { page, parameters, query } as Route
  }
  return undefined
}

function match(pattern: string[], parts: string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index]!
    if (expected.startsWith(':')) parameters[expected.slice(1)] = part
    else if (expected !== part) return undefined
  }
  return parameters
}

function partsOf(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
}
