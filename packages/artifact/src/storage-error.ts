export type StorageFailure = 'DiskFull' | 'ReadOnly' | 'NotAllowed'

/** The disk said no for a reason that an operator can mend; nothing was changed. */
export class StorageError extends Error {
  readonly reason: StorageFailure

  constructor(reason: StorageFailure, message: string) {
    super(message)
    this.name = 'StorageError'
    this.reason = reason
  }
}

const failures: Readonly<Record<string, readonly [StorageFailure, string]>> = {
  ENOSPC: ['DiskFull', 'has no space left: free some or enlarge the disk'],
  EDQUOT: ['DiskFull', 'is over its quota: free some space or raise the quota'],
  EROFS: ['ReadOnly', 'is read-only: mount it writable'],
  EACCES: ['NotAllowed', 'may not be written by this user: change its owner or mode'],
  ENOTDIR: ['NotAllowed', 'is not a directory: name another one'],
  EPERM: ['NotAllowed', 'may not be written by this user: change its owner or mode'],
}

/** Runs what touches `directory`, and tells a full or locked disk as a StorageError. */
export async function tellStorageErrors<T>(directory: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
    const failure = Object.hasOwn(failures, code) ? failures[code] : undefined
    if (failure === undefined) throw error
    throw new StorageError(failure[0], `${directory} ${failure[1]}.`)
  }
}
