/** A window of a week is always open with a cron that opens it weekly: nothing longer says more. */
export const windowMinutesMax = 7 * 24 * 60

/** The 29th of February comes every fourth year, but for 2100: what does not open in so many days never does. */
export const searchDaysMax = 8 * 366 + 2

/** Overlapping windows are joined into one, so many openings at most. */
export const joinedOpeningsMax = 10_000

/** From one opening that a blackout covers to the next, so many times at most. */
export const blackoutSkipsMax = 1_000

/** Zones whose formatter is kept; there are about 600 with all their old names. */
export const zonesKeptMax = 1_000

/** Days whose openings are remembered, over all zones and windows. */
export const daysKeptMax = 4_000
