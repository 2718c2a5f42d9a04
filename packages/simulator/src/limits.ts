/** Bounds and measures of a simulated world, each with its unit. */

export const diskCapacityBytes = 256 * 2 ** 20
/** A sync of a good card, and of a bad one that tidies up. */
export const syncMsMin = 0.3
export const syncMsMax = 60
