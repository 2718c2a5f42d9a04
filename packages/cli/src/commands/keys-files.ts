import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { ensureTree } from '@skerry/factory/debian/ensure-tree'
import { openFactoryCache } from '@skerry/factory/debian/factory-cache'
import { readLock } from '@skerry/factory/debian/read-lock'
import { createKeys } from '@skerry/factory/keys/create-keys'
import { exportKeys } from '@skerry/factory/keys/export-keys'
import { microsoftCertificates } from '@skerry/factory/keys/microsoft-certificates'
import { askAtTerminal, readPassphrase } from '@skerry/factory/keys/read-passphrase'

/** `skerry keys create DIR --name OWNER` */
export async function makeKeys(
  directory: string,
  options: { readonly name: string; readonly passphraseFile?: string },
): Promise<void> {
  const passphrase = await keysPassphrase(options.passphraseFile, true)
  const request = { name: options.name, passphrase }
  await createKeys(directory, request, { clock: systemClock, random: systemRandom })
}

/** `skerry keys export DIR TO`; gives the names of the files. */
export async function writePublicKeys(
  directory: string,
  to: string,
  options: { readonly passphraseFile?: string; readonly microsoft: boolean },
): Promise<string[]> {
  const passphrase = await keysPassphrase(options.passphraseFile)
  const microsoft = options.microsoft ? await microsoftCertificates(await toolsTree()) : undefined
  return exportKeys(directory, to, { passphrase, microsoft })
}

async function toolsTree(): Promise<string> {
  const { path } = await ensureTree(await openFactoryCache(), await readLock(), 'tools')
  return path
}

/** From the file, the environment, or whoever sits at the terminal. */
export function keysPassphrase(file: string | undefined, isNew = false): Promise<string> {
  const { stdin, stderr } = process
  return readPassphrase({
    file,
    environment: process.env,
    ...(stdin.isTTY && stderr.isTTY ? { ask: askAtTerminal(stdin, stderr) } : {}),
    isNew,
  })
}
