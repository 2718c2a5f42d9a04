import { commandLineNames, verityBlockBytes } from '@skerry/api/os/os-layout'

/** What the signed command line of an image says. */
export type ImageWords = {
  readonly imageId: string
  readonly rootHash: string
  /** Of the file system in the slot; the superblock follows it. */
  readonly rootBytes: number
}

/** Undefined when it is not the command line of one of our images. Takes any text. */
export function parseCommandLine(text: string): ImageWords | undefined {
  const words = new Map<string, string>()
  for (const word of text.split(/[\s\0]+/)) {
    const at = word.indexOf('=')
    if (at > 0) words.set(word.slice(0, at), word.slice(at + 1))
  }
  const imageId = words.get(commandLineNames.imageId) ?? ''
  const rootHash = words.get(commandLineNames.rootHash) ?? ''
  const rootBytes = Number(words.get(commandLineNames.rootBytes))
  const isOurs =
    /^[0-9a-f]{32}$/.test(imageId) &&
    /^[0-9a-f]{64}$/.test(rootHash) &&
    Number.isSafeInteger(rootBytes) &&
    rootBytes > 0 &&
    rootBytes % verityBlockBytes === 0
  return isOurs ? { imageId, rootHash, rootBytes } : undefined
}
