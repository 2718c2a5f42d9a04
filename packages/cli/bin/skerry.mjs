#!/usr/bin/env node
// Starts the command line under the Node.js 24 that the lockfile names, whichever Node ran this file.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const own = join(here, '../../../node_modules/node/bin/node')
const { status, signal } = spawnSync(
  existsSync(own) ? own : process.execPath,
  [join(here, '../src/main.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
)
process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
