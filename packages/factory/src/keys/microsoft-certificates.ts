import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KeyError } from './key-error.ts'

/** What most boards need for the ROMs of their graphics and network cards. */
export type MicrosoftCertificates = {
  readonly KEK: readonly X509Certificate[]
  readonly db: readonly X509Certificate[]
}

/** Where python3-virt-firmware keeps them, and for which variable they are. */
const directory = 'usr/lib/python3/dist-packages/virt/firmware/certs'
const files = {
  KEK: ['MicrosoftCorporationKEKCA2011.pem', 'MicrosoftCorporationKEK2KCA2023.pem'],
  db: [
    'MicrosoftWindowsProductionPCA2011.pem',
    'WindowsUEFICA2023.pem',
    'MicrosoftCorporationUEFICA2011.pem',
    'MicrosoftUEFICA2023.pem',
  ],
} as const

/** Reads Microsoft's certificates from the tools tree at `treePath`. */
export async function microsoftCertificates(treePath: string): Promise<MicrosoftCertificates> {
  const read = (names: readonly string[]) =>
    Promise.all(names.map((name) => readOne(join(treePath, directory, name))))
  return { KEK: await read(files.KEK), db: await read(files.db) }
}

async function readOne(path: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readFile(path))
  } catch {
    throw new KeyError(
      'Missing',
      `${path} is missing or not a certificate: the tools tree needs the package python3-virt-firmware.`,
    )
  }
}
