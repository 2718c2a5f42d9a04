import { readFile } from 'node:fs/promises'
import { efiVariableBytesMax } from './limits.ts'

const vendors = {
  loader: '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f',
  global: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  security: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
} as const

/** What the firmware and the loader left for us. */
export type FirmwareFacts = {
  readonly secureBoot?: boolean | undefined
  readonly loader?: string | undefined
  readonly firmwareKeys?: Uint8Array | undefined
}

export async function readFirmware(directory: string): Promise<FirmwareFacts> {
  const read = (name: string, vendor: keyof typeof vendors) =>
    readVariable(`${directory}/${name}-${vendors[vendor]}`)
  const secureBoot = await read('SecureBoot', 'global')
  const loader = await read('LoaderInfo', 'loader')
  return {
    secureBoot: secureBoot === undefined ? undefined : secureBoot[0] === 1,
    loader: loader && textOf(loader),
    firmwareKeys: await read('db', 'security'),
  }
}

/** Four bytes of attributes come first. One read from the start: efivarfs does not seek. */
async function readVariable(path: string): Promise<Buffer | undefined> {
  const bytes = await readFile(path).catch(() => undefined)
  return bytes === undefined || bytes.length <= 4 || bytes.length > efiVariableBytesMax
    ? undefined
    : bytes.subarray(4)
}

/** UTF-16, little endian, with a zero at its end. */
function textOf(bytes: Buffer): string {
  return bytes
    .toString('utf16le')
    .replace(/\0[\s\S]*$/, '')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, 100)
}
