// `npm run lab -- demo`: sets everything up, then runs `skerry lab` with the same words.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildConsole, installDependencies, node, root, say } from './setup.mjs'

try {
  await installDependencies()
  await buildConsole()
} catch (error) {
  say(error.message)
  process.exit(1)
}

const words = process.argv.slice(2)
const child = spawn(
  node,
  [join(root, 'packages/cli/src/main.ts'), 'lab', ...(words.length === 0 ? ['--help'] : words)],
  { stdio: 'inherit' },
)
// Ctrl-C reaches the child by itself; this process waits for it to end everything cleanly.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
