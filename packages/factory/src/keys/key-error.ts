export type KeyFailure =
  | 'Exists'
  | 'Missing'
  | 'Damaged'
  | 'Permissions'
  | 'WrongPassphrase'
  | 'NoPassphrase'
  | 'Invalid'

/** Keys could not be made or opened; the message says what to do. Nothing was changed. */
export class KeyError extends Error {
  readonly reason: KeyFailure

  constructor(reason: KeyFailure, message: string) {
    super(message)
    this.name = 'KeyError'
    this.reason = reason
  }
}
