/** Every bound of the kinds that users bring, with its unit in its name. */

/** A request for a kind that is not known yet waits so long for the news of its definition. */
export const lookAgainMsMax = 1_000

/** Definitions of one hub: each has its schema in memory, some as large as 500 kB. */
export const definitionsMax = 2_000

/** Objects that are deleted with their definition before looking again. */
export const sweptObjectsMax = 500

/** How long objects that wait for their finalizers are left before looking again. */
export const sweepAgainMs = 200

/** How long after the word of its end a definition is kept: every hub has closed it for new objects by then. */
export const closingMs = 300
