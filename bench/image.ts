// How long an image takes, and whether the same comes out twice: `tiny` and Debian with systemd, each built three
// times. First with packages, trees and the configured Debian in the cache and nothing else; then the same again; then in
// a second directory with a second cache of steps, so that every byte is made anew and compared.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { defaultCacheDirectory } from '@skerry/factory/debian/factory-cache'
import { writeResults } from './lib-results.ts'

const root = join(import.meta.dirname, '..')
const program = join(root, 'packages/cli/src/main.ts')
const schematics = ['tiny', 'debian'] as const
/** Between the two builds that are compared: what depends on the time would differ. */
const pauseMs = 61_000

export async function run(): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'skerry-image-'))
  try {
    writeFileSync(join(work, 'passphrase'), 'only for this measurement\n', { mode: 0o600 })
    const keys = join(work, 'keys')
    skerry(['keys', 'create', keys, '--name', 'Bench', ...passphrase(work)])
    const results = []
    for (const name of schematics) results.push(await measure(name, work))
    console.table(results, ['image', 'firstSeconds', 'againSeconds', 'files', 'isSameTwice'])
    writeResults('image', results)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const passphrase = (work: string) => ['--passphrase-file', join(work, 'passphrase')]

async function measure(name: (typeof schematics)[number], work: string) {
  const one = join(work, `${name}-one`)
  const two = join(work, `${name}-two`)
  // Brings packages, trees and Debian's root into the user's cache; not measured.
  build(name, join(work, `${name}-warm`), { work, cache: defaultCacheDirectory() })
  const first = build(name, one, { work, cache: cacheWithoutSteps(work, `${name}-cache-one`) })
  const again = build(name, one, { work, cache: join(work, `${name}-cache-one`) })
  await setTimeout(pauseMs)
  build(name, two, { work, cache: cacheWithoutSteps(work, `${name}-cache-two`) })
  const digests = [await digestsOf(one), await digestsOf(two)]
  const different = Object.keys(digests[0]!).filter((key) => digests[0]![key] !== digests[1]![key])
  for (const directory of [one, two, join(work, `${name}-warm`)])
    rmSync(directory, { recursive: true, force: true })
  return {
    image: name,
    firstSeconds: first,
    againSeconds: again,
    files: Object.keys(digests[0]!).length,
    isSameTwice: different.length === 0,
    different,
    digests: digests[0]!,
  }
}

/** A cache with everything of the user's but what builds made: that is made anew in it. */
function cacheWithoutSteps(work: string, name: string): string {
  const from = defaultCacheDirectory()
  const cache = join(work, name)
  mkdirSync(join(cache, 'roots'), { recursive: true })
  for (const kept of ['packages', 'trees', 'apt']) symlinkSync(join(from, kept), join(cache, kept))
  for (const file of readdirSync(join(from, 'roots')))
    if (file.endsWith('.tar')) copyFileSync(join(from, 'roots', file), join(cache, 'roots', file))
  return cache
}

function build(
  name: string,
  out: string,
  { work, cache }: { readonly work: string; readonly cache: string },
): number {
  const file = join(root, 'examples/images', `${name}.yaml`)
  const startedMs = performance.now()
  const files = ['--file', file, '--out', out, '--keys', join(work, 'keys'), '--cache', cache]
  skerry(['image', 'build', '--disk', 'raw', ...files, ...passphrase(work)])
  return Math.round((performance.now() - startedMs) / 10) / 100
}

function skerry(words: readonly string[]): void {
  execFileSync(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Every file of the artifact and the disk. */
async function digestsOf(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((each) => each.isFile() && each.name !== 'build.json')) {
    const file = join(entry.parentPath, entry.name)
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    found[file.slice(directory.length + 1)] = hash.digest('hex')
  }
  const { unsignedKernel } = JSON.parse(readFileSync(join(directory, 'build.json'), 'utf8')) as {
    unsignedKernel: string
  }
  return { ...found, 'unsigned kernel': unsignedKernel }
}

if (import.meta.main) await run()
