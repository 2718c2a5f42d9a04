export type DebianFailure =
  /** The mirror does not have this version any more. */
  | 'PackageGone'
  /** The mirror sends other bytes than the lock says. */
  | 'WrongBytes'
  | 'Unreachable'
  /** Nothing says where Debian's packages are. */
  | 'NoMirror'
  /** Resolving needs apt. */
  | 'NoApt'
  /** apt says that the packages cannot be had together. */
  | 'Unresolvable'
  /** The lock does not name this set, or is no lock. */
  | 'NotLocked'

/** Debian's packages cannot be had as asked; the message says what to do. */
export class DebianError extends Error {
  readonly reason: DebianFailure

  constructor(reason: DebianFailure, message: string) {
    super(message)
    this.name = 'DebianError'
    this.reason = reason
  }
}
