// Builds the clients that `clients/*.test.ts` try against a hub: Helm, a client-go program and
// Argo CD's sync engine, from clients/go, into the cache directory. The first time takes minutes;
// after that nothing is done until a source has changed. Prints where they are.
//
//   node scripts/build-clients.ts            builds what is missing
//   node scripts/build-clients.ts --where    only says where they are, or that they are not there
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const sources = join(import.meta.dirname, '../clients/go')
const programs = {
  helm: 'helm.sh/helm/v4/cmd/helm',
  informer: './informer',
  gitops: './gitops',
} as const
export type ClientProgram = keyof typeof programs

/** Where programs built from these very sources stand, whether they are there or not. */
export function clientsDirectory(): string {
  const hash = createHash('sha256')
  for (const file of globSync('**/*.{go,mod,sum}', { cwd: sources }).toSorted())
    hash.update(`${file}\0`).update(readFileSync(join(sources, file)))
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return join(cache, 'skerry/clients', hash.digest('hex').slice(0, 16))
}

/** The path of a program that was built, or why it is not there: nothing here is needed to work on Skerry. */
export function findClient(name: ClientProgram): { path: string } | { missing: string } {
  const path = join(clientsDirectory(), name)
  return existsSync(path)
    ? { path }
    : { missing: `${name} is not built: run node scripts/build-clients.ts (Go 1.26, minutes)` }
}

function build(): number {
  if (spawnSync('go', ['version']).status !== 0) {
    console.log('Go is not here: Helm, client-go and the GitOps engine are left out of the tests.')
    return 0
  }
  const directory = clientsDirectory()
  mkdirSync(directory, { recursive: true })
  for (const [name, source] of Object.entries(programs)) {
    const path = join(directory, name)
    if (existsSync(path)) continue
    console.log(`building ${name}`)
    const args = ['-n', '10', 'go', 'build', '-p', '1', '-ldflags', '-s -w', '-o', `${path}.part`]
    const built = spawnSync('nice', [...args, source], {
      cwd: sources,
      env: { ...process.env, GOFLAGS: '-trimpath', CGO_ENABLED: '0', GOMAXPROCS: '1' },
      stdio: 'inherit',
    })
    if (built.status !== 0) {
      rmSync(`${path}.part`, { force: true })
      console.error(`${name} does not build from clients/go: see above`)
      return 1
    }
    renameSync(`${path}.part`, path)
  }
  console.log(directory)
  return 0
}

if (import.meta.main) {
  const isThere = Object.keys(programs).every((name) => existsSync(join(clientsDirectory(), name)))
  if (process.argv.includes('--where'))
    console.log(isThere ? clientsDirectory() : 'not built: run node scripts/build-clients.ts')
  else process.exitCode = build()
}
