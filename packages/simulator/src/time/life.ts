/**
 * One run of a process, from its start to its end. When it is killed nothing of it goes on: what it
 * waits for never comes, so no `catch` and no `finally` of it runs, as after a power cut.
 */
export type Life = {
  readonly isOver: boolean
  end(): void
  /** Called once, at its end; at once if that was before. */
  onEnd(listener: () => void): void
  /** The same promise, which settles only while the process lives. */
  own<T>(promise: Promise<T>): Promise<T>
  /** The same function, which does nothing any more once the process is dead. */
  hears<A extends readonly unknown[]>(listener: (...args: A) => void): (...args: A) => void
}

export function createLife(): Life {
  let isOver = false
  const listeners: (() => void)[] = []
  return {
    get isOver() {
      return isOver
    },
    end() {
      isOver = true
      for (const listener of listeners.splice(0)) listener()
    },
    onEnd(listener) {
      if (isOver) listener()
      else listeners.push(listener)
    },
    own: (promise) =>
      new Promise((resolve, reject) => {
        promise.then(
          (value) => {
            if (!isOver) resolve(value)
          },
          (error: unknown) => {
            if (!isOver) reject(error)
          },
        )
      }),
    hears:
      (listener) =>
      (...args) => {
        if (!isOver) listener(...args)
      },
  }
}
