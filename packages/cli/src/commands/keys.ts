import type { Command } from 'commander'
import { paint } from '../output.ts'

const passphraseFileOption = [
  '--passphrase-file <file>',
  'the passphrase is in this file (default: $SKERRY_KEYS_PASSPHRASE, else it is asked for)',
] as const

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('Keys that sign operating systems')
  keys
    .command('create')
    .description("Make keys: Secure Boot's three and the one that signs images, encrypted on disk")
    .argument('<dir>', 'a new directory for them')
    .requiredOption('--name <owner>', 'who answers for the machines; shown by firmware')
    .option(...passphraseFileOption)
    .action(async (directory: string, options: { name: string; passphraseFile?: string }) => {
      const { makeKeys } = await import('./keys-files.ts')
      await makeKeys(directory, options)
      process.stdout.write(
        `${paint.green('made')} ${directory}. Keep a copy of it and of the passphrase where no machine can reach: without them nobody can sign another image for these machines.\n`,
      )
    })
  keys
    .command('export')
    .description('Write what others need of the keys: certificates, signed enrolment, image keys')
    .argument('<dir>', 'the keys')
    .argument('<to>', 'where to write')
    .option(...passphraseFileOption)
    .option(
      '--no-microsoft',
      "leave out Microsoft's certificates; ROMs of some boards then do not start",
    )
    .action(
      async (
        directory: string,
        to: string,
        options: { passphraseFile?: string; microsoft: boolean },
      ) => {
        const { writePublicKeys } = await import('./keys-files.ts')
        const files = await writePublicKeys(directory, to, options)
        process.stdout.write(files.map((file) => `${to}/${file}\n`).join(''))
      },
    )
}
