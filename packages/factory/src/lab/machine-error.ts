/** A machine did not do what was waited for. The message ends with the last lines of its console. */
export class MachineError extends Error {
  readonly reason: 'limit' | 'ended' | 'forbidden' | 'start' | 'control'

  constructor(reason: MachineError['reason'], message: string) {
    super(message)
    this.name = 'MachineError'
    this.reason = reason
  }
}
