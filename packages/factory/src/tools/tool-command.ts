/** A directory or file of this machine that a program in a tree sees. */
export type ToolBind = {
  readonly path: string
  /** Under which path; the same unless told. */
  readonly at?: string
  /** May be written; read-only unless told. */
  readonly isWritable?: boolean
}

/** A program to run inside a tree. */
export type ToolCommand = {
  /** Words; the first is looked up in the tree's /usr/sbin and /usr/bin. */
  readonly command: readonly string[]
  /** Working directory as the program sees it: /tmp, or something below a bind. Default /tmp. */
  readonly directory?: string
  readonly binds?: readonly ToolBind[]
  /** Added to PATH, HOME, LC_ALL and TZ; nothing of this process' environment is passed on. */
  readonly environment?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array
  /**
   * Private keys and passphrases: name -> bytes. The program finds each at `secretPath(name)`, a
   * file in memory that only its own mount namespace has and that ends with it. They come by a pipe
   * and never stand in arguments, environment or on disk.
   */
  readonly secrets?: Readonly<Record<string, Uint8Array>>
  readonly stdoutBytesMax?: number
  /** Each line of its standard error, as it comes. */
  readonly onLine?: (line: string) => void
}

/** Where a program finds one of its secrets. */
export function secretPath(name: string): string {
  return `/run/secrets/${name}`
}
