/** Every bound of the metrics, with its unit in its name. */

/** Sets of labels that are told apart; what comes later is counted under `other`. */
export const requestSeriesMax = 2000

/** What a scrape waits for the database; then it answers without that figure. */
export const scrapeWaitMsMax = 1000

/** A kube-apiserver's own bounds, which dashboards are made for, in seconds. */
export const durationBucketsSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
]

export const commitBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
export const batchBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500]
