// Fails when a package imports something that its layer may not see. `node:` counts as a layer, so a
// package without it stays free of disk, sockets and processes. Tests may use anything; what stands in a
// folder `testing` is for them alone, and product code may not import it.
import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'

const scope = '@skerry/'
const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*'([^'\s]+)'/g
const isTest = /\.test\.tsx?$|\/src\/(?:.*\/)?testing\//
const isForTests = /(^|\/)testing(\/|$)/
/** Packages that are themselves only for tests. */
const testers: ReadonlySet<string> = new Set(['testing', 'simulator'])

type Owner = { readonly name: string; readonly allowed: readonly string[]; readonly needs: object }

/** What breaks a rule in the tree at `root`. */
export function layerProblems(root: string): string[] {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const layers = JSON.parse(read('layers.json')) as Record<string, string[]>
  return globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).flatMap((file) => {
    if (isTest.test(file)) return []
    const name = file.split('/')[1]!
    const allowed = layers[name]
    if (allowed === undefined)
      return [`${file}: package ${name} is not in layers.json: say there what it may import`]
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as {
      dependencies?: object
    }
    const owner = { name, allowed, needs: dependencies }
    return [...read(file).matchAll(importPattern)]
      .flatMap(([, specifier = '']) => importProblems(owner, specifier))
      .map((problem) => `${file}: ${problem}`)
  })
}

function importProblems({ name: owner, allowed, needs }: Owner, specifier: string): string[] {
  const problems: string[] = []
  if (isForTests.test(specifier) && !testers.has(owner))
    problems.push(`${specifier} is for tests: product code may not import it`)
  if (specifier.startsWith('.')) return problems
  const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(specifier)
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const layer = isBuiltin ? 'node:' : name.startsWith(scope) ? name.slice(scope.length) : undefined
  if (layer !== undefined && layer !== owner && !allowed.includes(layer))
    problems.push(
      `${owner} may not import ${specifier}: allowed are ${allowed.join(', ') || 'none'}`,
    )
  if (layer === owner)
    problems.push(`import the file instead of ${specifier}: ${owner} is this package`)
  if (!isBuiltin && !Object.hasOwn(needs, name))
    problems.push(`add ${name} to packages/${owner}/package.json`)
  return problems
}

if (import.meta.main) {
  const problems = layerProblems('.')
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
