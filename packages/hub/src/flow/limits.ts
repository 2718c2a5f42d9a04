/** Every bound of the flow control, with its unit in its name. */

/**
 * Requests that are served at once, in seats, shared out by class below. As a kube-apiserver's 400 reads
 * and 200 writes; most wait for the database and cost nothing meanwhile.
 */
export const seatsTotal = 600

/** What part of a class's seats one flow may hold, so that the next flow need not wait at all. */
export const flowSharePart = 0.5

/** Requests of one flow that wait; past it the flow is told to come back. */
export const flowWaitingMax = 200
/** Requests of one class that wait: ten flows that ask for too much. */
export const classWaitingMax = 2000

/** How long a request waits for its turn, as in a kube-apiserver: a quarter of what it may last. */
export const turnWaitMsMax = 15_000

/** What clients that were refused are told to wait, in turn: hundreds of them would all come back at once. */
export const retryAfterSecondsInTurn = [1, 2, 3, 4] as const

/**
 * A list takes one seat for so many milliseconds that lists like it took of late, up to nearly all that its
 * flow may hold: one list of a whole large fleet at a time. There is one processor for all of them, and two
 * at once take as long as one after the other.
 */
export const seatMs = 2
export const listSeatsMax = 80
/** A page or a choice of which it is not known yet what it costs; of everything, it is taken for dear. */
export const unknownPartSeats = 10

/** Sorts of lists whose cost is remembered. */
export const knownCostsMax = 1000
