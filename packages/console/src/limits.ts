/** One JSON answer or one line of a watch. The largest object, a rollout over 10,000 sites, has about 3 MB. */
export const messageBytesMax = 32 * 1024 * 1024

/** A request that the hub has not answered by then counts as unanswered. */
export const requestMsMax = 15_000

/** A watch that is silent for so long is opened again; the hub sends bookmarks more often. */
export const watchSilenceMsMax = 90_000

/** Between attempts to reach a hub that does not answer. */
export const reconnectFirstMs = 500
export const reconnectMaxMs = 15_000

/** Changes that arrive within this time are drawn together. */
export const drawEveryMs = 150

/** A feed that nobody looks at any more is kept open for so long, as people come back. */
export const feedLingerMs = 5_000

/** A page that is hidden for so long closes its watches: browsers allow few connections to one origin. */
export const hiddenMsMax = 60_000

/** Rows drawn at once; more on request. */
export const rowsShownFirst = 200
export const rowsShownMore = 500

/** Sites drawn in one wave of a rollout. */
export const chipsShownMax = 60

/** Events shown on a page. */
export const eventsShownMax = 50

export const fleetMetricsPollMs = 5_000
export const siteMetricsPollMs = 5_000
export const slowPollMs = 30_000

export const reasonLengthMax = 1000
