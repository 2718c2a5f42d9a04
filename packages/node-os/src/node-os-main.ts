import { parseArgs } from 'node:util'
import { readFileSync } from 'node:fs'
import { toError } from '@skerry/base/assert'
import { checkConfig } from './cloud-config/check-config.ts'
import { findingText } from './cloud-config/finding.ts'
import { stageNames } from './cloud-config/stage-names.ts'
import { readConfigDrives } from './stages/config-drive.ts'
import { createRealStageHost } from './stages/real-stage-host.ts'
import { runStages } from './stages/run-stages.ts'

const usage = `node-os early           cloud-config before init, as the initrd calls it
node-os stage STAGE...  runs stages once more, as the agent does
node-os check FILE...   what is wrong with these files`

/** 0: done, or the files are well. 1: a file has errors. 2: wrong command line or a broken assumption. */
async function main(words: readonly string[]): Promise<number> {
  const { positionals } = parseArgs({ args: [...words], allowPositionals: true })
  const [command, ...names] = positionals
  if (command === 'early') return runEarly()
  if (command === 'check' && names.length > 0) return check(names)
  const stages = stageNames.filter((name) => names.includes(name))
  if (command === 'stage' && stages.length > 0 && stages.length === names.length) {
    await runStages(createRealStageHost({ phase: 'late', say }), stages, { isAgain: true })
    return 0
  }
  process.stderr.write(`${usage}\n`)
  return 2
}

/** A problem of users' configuration is said and reported, and is no failure of the program. */
async function runEarly(): Promise<number> {
  const host = createRealStageHost({ phase: 'early', say })
  try {
    await readConfigDrives(host)
  } catch (thrown) {
    say(`skerry: config drive: ${toError(thrown).message}`)
  }
  await runStages(host, ['rootfs', 'initramfs'])
  return 0
}

function check(files: readonly string[]): number {
  const checked = checkConfig(files.map((name) => ({ name, bytes: readFileSync(name) })))
  for (const finding of checked.findings) say(findingText(finding))
  return checked.errors > 0 ? 1 : 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

// A console that hangs up must not keep the machine from being configured.
process.stdout.on('error', () => {})

try {
  // Left at once: to take V8 apart in good order would hold up the start of a machine.
  process.exit(await main(process.argv.slice(2)))
} catch (thrown) {
  process.stderr.write(`skerry: cloud-config: ${toError(thrown).message}\n`)
  process.exit(2)
}
