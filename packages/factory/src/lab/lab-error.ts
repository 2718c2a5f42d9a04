/** What was asked for cannot be started; the sentence says why and what to do. */
export class LabError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LabError'
  }
}
