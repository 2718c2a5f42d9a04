import { open } from 'node:fs/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { KeyError } from './key-error.ts'
import { passphraseBytesMax } from './limits.ts'

export const passphraseVariable = 'SKERRY_KEYS_PASSPHRASE'

export type PassphraseSources = {
  /** As `--passphrase-file` names it. */
  readonly file?: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Asks a person; absent where nobody sits. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** Ask twice: a new passphrase that was mistyped is lost. */
  readonly isNew?: boolean
}

/** The passphrase of the keys: from the file, else from the environment, else from a person. */
export async function readPassphrase(sources: PassphraseSources): Promise<string> {
  const { file, environment, ask, isNew = false } = sources
  if (file !== undefined) return readPassphraseFile(file)
  const set = environment[passphraseVariable]
  if (set !== undefined && set !== '') return set
  if (ask === undefined)
    throw new KeyError(
      'NoPassphrase',
      `The keys need their passphrase, and there is no terminal to ask at: set ${passphraseVariable} or give --passphrase-file.`,
    )
  const answer = await ask(isNew ? 'New passphrase for the keys: ' : 'Passphrase of the keys: ')
  if (isNew && (await ask('Once more: ')) !== answer)
    throw new KeyError('Invalid', 'The two passphrases differ: run the command again.')
  return answer
}

async function readPassphraseFile(path: string): Promise<string> {
  let text: string
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(passphraseBytesMax + 2))
    text = buffer
      .subarray(0, bytesRead)
      .toString('utf8')
      .replace(/\r?\n$/, '')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new KeyError(
      'NoPassphrase',
      `${path} cannot be read (${code ?? message}): name a file that holds the passphrase.`,
    )
  }
  if (text === '' || Buffer.byteLength(text) > passphraseBytesMax || text.includes('\n'))
    throw new KeyError(
      'NoPassphrase',
      `${path} must hold one line of 1 to ${passphraseBytesMax} bytes: the passphrase.`,
    )
  return text
}

/** Asks at a terminal without showing what is typed. */
export function askAtTerminal(
  input: ReadStream,
  output: WriteStream,
): (question: string) => Promise<string> {
  return (question) =>
    new Promise((resolve, reject) => {
      let typed = ''
      const end = (settle: () => void) => {
        input.off('data', onData)
        input.setRawMode(false)
        input.pause()
        output.write('\n')
        settle()
      }
      const onData = (data: Buffer | string) => {
        for (const character of data.toString()) {
          if (character === '\r' || character === '\n') return end(() => resolve(typed))
          if (character === '\u0003' || character === '\u0004')
            return end(() => reject(new KeyError('NoPassphrase', 'No passphrase was given.')))
          if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1)
          else if (Buffer.byteLength(typed) < passphraseBytesMax) typed += character
        }
      }
      output.write(question)
      input.setRawMode(true)
      input.resume()
      input.on('data', onData)
    })
}
