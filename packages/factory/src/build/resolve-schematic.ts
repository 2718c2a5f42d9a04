import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import type { RootData } from '../root/root-tree.ts'
import { carriedFileBytesMax, schematicBytesMax } from '../schematic/limits.ts'
import { type SchematicMistake, parseSchematic } from '../schematic/parse-schematic.ts'
import { documentName } from '../schematic/schematic-mistakes.ts'
import type { Schematic } from '../schematic/schematic.ts'
import { BuildError } from './build-error.ts'

/** A schematic with the bytes that it names. */
export type ResolvedSchematic = {
  readonly schematic: Schematic
  /** The file, and the directory that its paths are relative to. */
  readonly file: string
  readonly directory: string
  readonly files: readonly PlacedFile[]
  /** Of the content, wherever it lies: what it names is named by digest. The base is not in it. */
  readonly contentDigest: Digest
}

/** A file that goes into the root. */
export type PlacedFile = {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly data: RootData
  readonly digest: Digest
}

/** The schematic was read and is wrong; each mistake has its place. */
export class SchematicError extends Error {
  readonly file: string
  readonly mistakes: readonly SchematicMistake[]

  constructor(file: string, mistakes: readonly SchematicMistake[]) {
    super(
      mistakes
        .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`)
        .join('\n'),
    )
    this.name = 'SchematicError'
    this.file = file
    this.mistakes = mistakes
  }
}

/** Reads a schematic and looks at every file that it names. */
export async function resolveSchematic(path: string): Promise<ResolvedSchematic> {
  const file = resolve(path)
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new BuildError(
      `${path} cannot be read (${error.code ?? error.message}): name a schematic with -f.`,
    )
  })
  if (!found.isFile() || found.size > schematicBytesMax)
    throw new BuildError(`${path} is no file of at most ${schematicBytesMax} bytes.`)
  const parsed = parseSchematic(await readFile(file))
  if (!parsed.ok) throw new SchematicError(path, parsed.mistakes)
  const { schematic } = parsed
  const directory = dirname(file)
  const documents = schematic.cloudConfig.map((document, index) => ({
    ...document,
    path: `/usr/lib/skerry/oem/${documentName(document, index)}`,
    mode: '0600',
    owner: '0:0',
  }))
  const files: PlacedFile[] = []
  for (const each of [...documents, ...schematic.files])
    files.push(await placeFile(directory, each))
  const { cloudConfig: _, files: __, keys: ___, ...rest } = schematic
  const named = files.map((each) => ({ ...each, data: undefined }))
  return {
    schematic,
    file,
    directory,
    files,
    contentDigest: digestOf(canonicalJson({ ...rest, files: named })),
  }
}

type Carried = {
  readonly path: string
  readonly mode: string
  readonly owner: string
  readonly content?: string
  readonly source?: string
}

async function placeFile(directory: string, carried: Carried): Promise<PlacedFile> {
  const [uid = 0, gid = 0] = carried.owner.split(':').map(Number)
  const place = {
    path: carried.path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/'),
    mode: Number.parseInt(carried.mode, 8),
    uid,
    gid,
  }
  if (carried.source === undefined) {
    const bytes = Buffer.from(carried.content ?? '')
    return { ...place, data: { bytes }, digest: digestOf(bytes) }
  }
  const file = resolve(directory, carried.source)
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() !== true)
    throw new BuildError(
      `${carried.source}, which the schematic puts at ${carried.path}, is no file in ${directory}: create it, or correct source.`,
    )
  if (found.size > carriedFileBytesMax)
    throw new BuildError(
      `${carried.source} has ${found.size} bytes where ${carriedFileBytesMax} are allowed.`,
    )
  const { digest } = await digestOfStream(createReadStream(file))
  return { ...place, data: { file, offset: 0, sizeBytes: found.size }, digest }
}
