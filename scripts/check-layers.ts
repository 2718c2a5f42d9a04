// Fails when a package imports something that its layer may not see. `node:` counts as a layer, so a
// package without it stays free of disk, sockets and processes. Tests may use anything; what stands in a
// folder `testing` is for them alone, and product code may not import it.
import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'

const scope = '@skerry/'
const layers = JSON.parse(readFileSync('layers.json', 'utf8')) as Record<string, string[]>
const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g
const isTest = /\.test\.tsx?$|\/src\/testing\//
const isForTests = /(^|\/)testing(\/|$)/
const problems: string[] = []

for (const file of globSync('packages/*/src/**/*.{ts,tsx}')) {
  if (isTest.test(file)) continue
  const owner = file.split('/')[1]!
  const allowed = layers[owner]
  if (allowed === undefined) {
    problems.push(`${file}: package ${owner} is not in layers.json: say there what it may import`)
    continue
  }
  const manifest = JSON.parse(readFileSync(`packages/${owner}/package.json`, 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(importPattern)) {
    if (isForTests.test(specifier) && owner !== 'testing')
      problems.push(`${file}: ${specifier} is for tests: product code may not import it`)
    if (specifier.startsWith('.')) continue
    const isBuiltin = specifier.startsWith('node:') || builtinModules.includes(specifier)
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
    const layer = isBuiltin
      ? 'node:'
      : name.startsWith(scope)
        ? name.slice(scope.length)
        : undefined
    if (layer !== undefined && layer !== owner && !allowed.includes(layer))
      problems.push(
        `${file}: ${owner} may not import ${specifier}: allowed are ${allowed.join(', ') || 'none'}`,
      )
    if (layer === owner)
      problems.push(`${file}: import the file instead of ${specifier}: ${owner} is this package`)
    if (!isBuiltin && manifest.dependencies?.[name] === undefined)
      problems.push(`${file}: add ${name} to packages/${owner}/package.json`)
  }
}
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
