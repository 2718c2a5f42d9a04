import { readFile } from 'node:fs/promises'
import { toError } from '@skerry/base/assert'
import { type CheckedConfig, checkConfig } from '@skerry/node-os/cloud-config/check-config'
import { findingText } from '@skerry/node-os/cloud-config/finding'
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { CommandError, exitCodes } from '../exit-code.ts'
import { type OutputFormat, outputFormats, paint, parseOutputFormat } from '../output.ts'

export function addConfigCommands(program: Command): void {
  program
    .command('config')
    .description('Look at cloud-config of machines')
    .command('check')
    .description('Say what is wrong with these files and what a machine will do with them')
    .argument('<file...>', 'in the order in which a machine reads them')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'),
    )
    .action(async (names: string[], options: { output: string }) => {
      process.exitCode = await checkConfigFiles(names, parseOutputFormat(options.output))
    })
}

/** `skerry config check FILE...`: all that a machine would say of these files, on a laptop. */
export async function checkConfigFiles(
  names: readonly string[],
  format: OutputFormat,
): Promise<number> {
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readConfig(name) })),
  )
  const checked = checkConfig(files)
  process.stdout.write(renderChecked(checked, format))
  return checked.errors > 0 ? exitCodes.failed : exitCodes.ok
}

async function readConfig(name: string): Promise<Uint8Array> {
  try {
    return await readFile(name)
  } catch (thrown) {
    throw new CommandError(`${name} cannot be read: ${toError(thrown).message}`, exitCodes.usage)
  }
}

export function renderChecked(checked: CheckedConfig, format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(checked, undefined, 2)}\n`
  if (format === 'yaml') return stringify(checked)
  const lines = [
    ...checked.findings.map((finding) => {
      const line = findingText(finding)
      return finding.severity === 'error' ? paint.red(line) : paint.yellow(line)
    }),
    ...(checked.findings.length === 0 ? [] : ['']),
    ...checked.node,
    ...checked.stages.flatMap(({ stage, steps }) => [
      paint.bold(`stage ${stage}`),
      ...steps.flatMap(({ place, name, acts }) => [
        `  ${name}  ${paint.dim(place)}`,
        ...acts.map((act) => `    ${act}`),
      ]),
    ]),
    `${checked.errors} errors, ${checked.warnings} warnings in ${checked.files.length} files`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}
