import { lstatSync } from 'node:fs'
import { nodePaths } from '@skerry/api/os/os-layout'
import type { ProgramFile } from '../program/stage-program.ts'
import { addDirectory } from './add-directory.ts'
import { type Init, detectInit } from './detect-init.ts'
import { putLink, putText, readText } from './edit-text.ts'
import { fitInit } from './fit-init.ts'
import { normaliseRoot } from './normalise-root.ts'
import { RootError } from './root-error.ts'
import type { RootData, RootTree } from './root-tree.ts'
import { startAgent } from './start-agent.ts'

export type AssembleRequest = {
  readonly program: readonly ProgramFile[]
  /** Directory with `lib/modules/VERSION`, of exactly the kernel that starts this root. */
  readonly modules: string
  readonly kernelVersion: string
  readonly files: readonly {
    readonly path: string
    readonly mode: number
    readonly uid: number
    readonly gid: number
    readonly data: RootData
  }[]
  readonly persistentPaths: readonly string[]
  /** JSON of the keys whose signatures on images count. */
  readonly trustedImageKeys: string
  readonly hasConsoleLogin: boolean
}

export type AssembledRoot = {
  readonly init: Init
  /** PRETTY_NAME of the root. */
  readonly distribution: string | undefined
}

/** Makes of a base the root of an image: fit, with the kernel's modules, the agent and what the schematic adds. */
export async function assembleRoot(
  tree: RootTree,
  request: AssembleRequest,
): Promise<AssembledRoot> {
  const init = detectInit(tree)
  refuseStrangeModules(tree, request.kernelVersion)
  normaliseRoot(tree)
  await fitInit(tree, init, request)
  await addDirectory(tree, request.modules)
  addProgram(tree, request.program)
  if (request.program.length > 0) await startAgent(tree, init)
  const place = (path: string) => path.slice(1)
  putText(tree, place(nodePaths.trustedImageKeys), request.trustedImageKeys)
  tree.makeDirectory(place(nodePaths.imageConfig))
  const kept = request.persistentPaths.map((path) => `${path}\n`).join('')
  if (kept !== '') putText(tree, `${place(nodePaths.program)}/persistent-paths`, kept)
  for (const path of request.persistentPaths) tree.makeDirectory(path)
  for (const { path, ...file } of request.files) {
    if (tree.get(tree.resolve(path))?.type === 'directory')
      throw new RootError(
        `files: /${path} is a directory of the root, and all in it would be lost: name a file in it.`,
      )
    tree.put(path, { ...file, type: 'file' })
  }
  // Whatever was put in last must fit the kernel, too.
  refuseStrangeModules(tree, request.kernelVersion)
  return { init, distribution: await distributionOf(tree) }
}

/** Modules of another kernel would load into this one only by accident, and the right ones would be missing. */
function refuseStrangeModules(tree: RootTree, kernelVersion: string): void {
  const directories = new Set(['lib/modules', 'usr/lib/modules'].map((path) => tree.resolve(path)))
  const strange = [...directories]
    .flatMap((path) => tree.names(path))
    .filter((version) => version !== kernelVersion)
  if (strange.length > 0)
    throw new RootError(
      `The root has kernel modules of ${strange.join(', ')}, and the image starts the kernel ${kernelVersion}: remove the kernel's package from the base, or name the kernel that belongs to it.`,
    )
}

function addProgram(tree: RootTree, program: readonly ProgramFile[]): void {
  for (const { path, mode, source } of program) {
    const at = path.slice(1)
    if ('link' in source) putLink(tree, at, source.link)
    else {
      const { size } = lstatSync(source.file)
      const data = { file: source.file, offset: 0, sizeBytes: size }
      tree.put(at, { mode, uid: 0, gid: 0, type: 'file', data })
    }
  }
}

async function distributionOf(tree: RootTree): Promise<string | undefined> {
  const text =
    (await readText(tree, 'etc/os-release')) ?? (await readText(tree, 'usr/lib/os-release'))
  const value = /^PRETTY_NAME=(.*)$/m.exec(text ?? '')?.[1]
  const plain = value?.replace(/^(["'])(.*)\1$/, '$2').replaceAll(/\p{Cc}/gu, ' ')
  return plain === undefined || plain === '' ? undefined : plain.slice(0, 200)
}
