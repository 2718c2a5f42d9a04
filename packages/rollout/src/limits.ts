/** However often a site has failed, it is asked again within a quarter of a day. */
export const retryBackoffMsMax = 6 * 3_600_000

/** So many names stand in a sentence; more are counted. */
export const namesInSentenceMax = 3
