import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '../..')

/** One digest for the content of all files that match, tests left out. Paths are below the repository. */
export function sourceKey(patterns: readonly string[]): string {
  const hash = createHash('sha256')
  const files = globSync([...patterns], { cwd: repository })
    .filter(
      (file) =>
        /\.(ts|mjs|json|sh|conf|sql|yaml)$|\/init$/.test(file) && !file.endsWith('.test.ts'),
    )
    .toSorted()
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(repository, file)))
  return hash.digest('hex')
}

/** All that goes into an image. */
export const imageSources = [
  'packages/{factory,node-os,agent,artifact,api,base,client,planner}/src/**/*',
  'packages/factory/{initrd,debian}/**/*',
]
/** What drives a scenario, apart from the scenarios themselves. */
export const harnessSources = [
  'e2e/boot/{trial,lane,lab-hub,limits,wanted,lane-runner,build-test-images,test-images}.ts',
  'packages/factory/src/lab/*.ts',
]
