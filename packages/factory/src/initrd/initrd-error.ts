/** An initrd cannot be made of these trees; the message says what is missing and what to do. */
export class InitrdError extends Error {
  override readonly name = 'InitrdError'
}
