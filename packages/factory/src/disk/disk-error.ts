/** A disk cannot be made or read as asked; the message says what to do. */
export class DiskError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DiskError'
  }
}
