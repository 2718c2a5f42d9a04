/**
 * Resolves when the first of what `start` begins does, and ends the others by the signal that they
 * were given; rejects when the outer signal aborts.
 */
export async function firstOf(
  outer: AbortSignal,
  start: (signal: AbortSignal) => readonly Promise<unknown>[],
): Promise<void> {
  const ended = new AbortController()
  const either = AbortSignal.any([outer, ended.signal])
  const begun = start(either)
  for (const each of begun) each.catch(() => {})
  try {
    await Promise.race(begun)
  } finally {
    ended.abort(new Error('Something else came first'))
  }
}

/** Rejects when the signal aborts, and does nothing else. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(new Error('The agent is stopping'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
