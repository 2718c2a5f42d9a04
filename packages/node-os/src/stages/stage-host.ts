import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'

/** The machine as stages see it: a few verbs, so that all of them can be tried in an empty directory. */
export type StageHost = {
  /** Before init there is one file system in memory and nobody else; later there are services. */
  readonly phase: 'early' | 'late'
  /** As Node.js calls it. */
  readonly architecture: string
  readonly clock: Clock
  readonly random: Random
  /** One line for the console. */
  say(line: string): void
  /** Undefined: there is no such file. */
  read(path: string): Uint8Array | undefined
  /** Part of a device or file. */
  readAt(path: string, offset: number, bytes: number): Uint8Array | undefined
  /** The whole file or nothing of it, and nothing at all when it is so already. Follows links to files. */
  write(path: string, content: string | Uint8Array, owner: Owner): void
  /** A file of the kernel, which takes what it is told. */
  tell(path: string, text: string): void
  look(path: string): FileFacts | undefined
  /** Names in a folder, sorted; empty when there is none. */
  list(path: string): readonly string[]
  /** With all that is missing above it, which gets 0755 and root. */
  makeDirectory(path: string, owner: Owner): void
  /** A symbolic link, in the place of whatever link or file is there. */
  link(target: string, path: string): void
  remove(path: string): void
  run(request: RunRequest): Promise<RunResult>
}

export type Owner = { readonly mode: number; readonly uid: number; readonly gid: number }

export type FileFacts = Owner & {
  readonly kind: 'file' | 'directory' | 'other'
  /** What a link points to; the rest is of where it leads, if it leads anywhere. */
  readonly linkTo?: string | undefined
}

export type RunRequest = {
  readonly command: readonly [string, ...string[]]
  /** After it the command and whatever it started in its group is ended. */
  readonly deadlineMs: number
  readonly environment?: Readonly<Record<string, string>>
}

export type RunResult =
  | { readonly ok: true; readonly output: string }
  | {
      readonly ok: false
      readonly message: string
      readonly output: string
      readonly code?: number
    }

/** Tells what went wrong, as a sentence. */
export type Tell = (message: string) => void

export const rootOwned = (mode: number): Owner => ({ mode, uid: 0, gid: 0 })

export function readText(host: StageHost, path: string): string | undefined {
  const bytes = host.read(path)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

/** Our own tool, since the root may have none. */
export const busyboxPath = '/usr/lib/skerry/bin/busybox'
