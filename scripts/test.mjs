// `npm test`: sets everything up, then the gate, the integration tests, the end-to-end story in real
// processes, and three seeds of chaos. `npm test -- --only e2e` runs one part.
import { join } from 'node:path'
import { buildConsole, installDependencies, node, npmCommand, root, run, say } from './setup.mjs'

const npmScript = (name, ...args) => [
  name,
  () =>
    run(...npmCommand(['run', '-s', name, ...(args.length > 0 ? ['--', ...args] : [])]), {
      PATH: path,
    }),
]
const path = `${join(root, 'node_modules/node/bin')}:${join(root, 'node_modules/.bin')}:${process.env.PATH}`
const parts = new Map([
  npmScript('ok'),
  npmScript('test:integration'),
  npmScript('test:e2e'),
  npmScript('chaos', '--seeds', '3'),
])

const only = process.argv.includes('--only')
  ? process.argv[process.argv.indexOf('--only') + 1]
  : undefined
/** QEMU, firmware and tools for the tests that start machines; those say what was left out without. */
async function prepareLab() {
  if (only === 'ok') return
  say('lab prepare … (fetches QEMU, firmware and tools into the cache, once)')
  try {
    await run(node, [join(root, 'packages/cli/src/main.ts'), 'lab', 'prepare'])
  } catch (error) {
    say(`No machines can be started here, so their tests are left out: ${error.message}`)
  }
}

const results = []
try {
  await installDependencies()
  await buildConsole()
  await prepareLab()
} catch (error) {
  say(error.message)
  process.exit(1)
}
for (const [name, runPart] of parts) {
  if (only !== undefined && !name.includes(only)) continue
  say(`${name} …`)
  const started = Date.now()
  const problem = await runPart().then(
    () => undefined,
    (error) => error.message,
  )
  results.push({ name, problem, seconds: Math.round((Date.now() - started) / 1000) })
  if (problem !== undefined) break
}
for (const { name, problem, seconds } of results)
  say(
    `${problem === undefined ? 'passed' : 'FAILED'}  ${name}  (${seconds} s)${problem === undefined ? '' : `: ${problem}`}`,
  )
const failed = results.filter(({ problem }) => problem !== undefined).length
console.log(`${results.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && results.length > 0 ? 0 : 1)
