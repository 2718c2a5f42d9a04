/** Every bound of the conformance table, with its unit in its name. */

/** A server that says nothing for so long has failed the row. */
export const answerMs = 20_000

/** How long a watch is waited for before what came is what there is. */
export const eventsMs = 4000

/** How long a controller is given for what it does. */
export const settleMs = 15_000
export const settlePollMs = 100

/** How many requests may be in one row, so that a row stays readable. */
export const stepsMax = 20

/** What is shown of one value in a difference. */
export const shownCharactersMax = 600

/** A request of the fuzzer that takes longer than this has found something. */
export const hangMs = 1000

/** How often a failing request is sent again to make it smaller. */
export const shrinkTriesMax = 500
