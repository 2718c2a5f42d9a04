/**
 * Resolves when the first of what `start` begins does, and ends the others by the signal that they
 * were given; rejects when the outer signal aborts.
 */
export async function firstOf(
  outer: AbortSignal,
  start: (signal: AbortSignal) => readonly Promise<unknown>[],
): Promise<void> {
  // `AbortSignal.any` would do, at several times the price, and a quiet agent does little else.
  const ended = new AbortController()
  const follow = () => ended.abort(outer.reason)
  if (outer.aborted) follow()
  else outer.addEventListener('abort', follow, { once: true })
  try {
    const begun = start(ended.signal)
    for (const each of begun) each.catch(() => {})
    await Promise.race(begun)
  } finally {
    outer.removeEventListener('abort', follow)
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
