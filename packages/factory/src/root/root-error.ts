/** The root cannot become an image as it is. The sentence says why and what to do. */
export class RootError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RootError'
  }
}
