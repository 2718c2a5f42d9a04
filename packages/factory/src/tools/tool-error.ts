/** A program of ours ended badly. The message shows the last lines that it wrote. */
export class ToolError extends Error {
  readonly program: string
  readonly exitCode: number | undefined
  /** The end of what it wrote to standard error. */
  readonly log: string

  constructor(
    message: string,
    details: { program: string; exitCode?: number | undefined; log: string },
  ) {
    super(message)
    this.name = 'ToolError'
    this.program = details.program
    this.exitCode = details.exitCode
    this.log = details.log
  }
}
