/** What a running PostgreSQL says of itself in `postmaster.pid`. */
export type PostmasterFile = {
  readonly pid: number
  readonly dataDir: string
  readonly port: number | undefined
  /** Whether it takes connections: it may be starting, recovering or going down. */
  readonly isReady: boolean
}

/** Reads `postmaster.pid`: pid, data directory, start time, port, …, state in the eighth line. Undefined: not yet whole. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const [pid = '', dataDir = '', , port = '', , , , state = ''] = text.split('\n')
  if (!/^\d{1,10}$/.test(pid) || Number(pid) <= 1 || dataDir === '') return undefined
  return {
    pid: Number(pid),
    dataDir,
    port: /^\d{1,5}$/.test(port) && Number(port) > 0 ? Number(port) : undefined,
    isReady: state.trim() === 'ready',
  }
}

export type ProcessFacts = {
  readonly commandLine: readonly string[]
  /** Its working directory, where the system tells. */
  readonly directory: string | undefined
}

/**
 * Whether a process is the PostgreSQL over this data directory. A pid alone says little: after a
 * restart of the machine another program may have it. PostgreSQL works in its data directory, so it
 * is known even when the directory was renamed under it.
 */
export function isPostmasterOf({ commandLine, directory }: ProcessFacts, dataDir: string): boolean {
  if (!/(^|\/)postgres$/.test(commandLine[0] ?? '')) return false
  if (directory !== undefined) return directory === dataDir
  const at = commandLine.indexOf('-D')
  return at > 0 && commandLine[at + 1] === dataDir
}
