/** What one kernel module says of itself. */
export type ModuleFacts = {
  /** Modules that it cannot be loaded without. */
  readonly depends: readonly string[]
  /** Modules that are loaded before it where they exist. */
  readonly before: readonly string[]
}

/** As the kernel writes a module's name: a dash and an underscore are the same. */
export function moduleName(name: string): string {
  return name.replaceAll('-', '_')
}

/** Reads the `key=value` lines that a module carries. */
export function moduleFacts(lines: readonly string[]): ModuleFacts {
  const values = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1))
  const names = (text: string, separator: RegExp) =>
    text
      .split(separator)
      .filter((name) => name !== '')
      .map(moduleName)
  return {
    depends: values('depends').flatMap((text) => names(text, /,/)),
    before: values('softdep')
      .flatMap((text) => /(?:^|\s)pre:\s*(.*?)(?:\s*post:|$)/.exec(text)?.[1] ?? [])
      .flatMap((text) => names(text, /\s+/)),
  }
}

/**
 * The wanted modules and all that they need, in an order in which each can be loaded. `factsOf` answers undefined
 * for a module that is built into the kernel or that it does not have: for what is only wanted that is no error.
 */
export async function moduleOrder(
  wanted: readonly string[],
  factsOf: (name: string) => Promise<ModuleFacts | undefined>,
): Promise<string[]> {
  const order: string[] = []
  const seen = new Set<string>()
  const visit = async (name: string): Promise<void> => {
    if (seen.has(name)) return
    seen.add(name)
    const facts = await factsOf(name)
    if (facts === undefined) return
    for (const needed of [...facts.before, ...facts.depends]) await visit(needed)
    order.push(name)
  }
  for (const name of wanted) await visit(moduleName(name))
  return order
}
