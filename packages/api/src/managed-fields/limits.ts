/** Every bound of who manages which fields, with its unit in its name; those that clients see are a kube-apiserver's. */

/** The name of a manager. */
export const managerBytesMax = 128

/** How many managers of updates an object remembers one by one; the oldest are merged beyond it. */
export const updateManagersMax = 10

/** All annotations of an object together. */
export const annotationsBytesMax = 256 * 1024

/** What one message tells of what does not fit a schema; a body of 3 MiB could hold a million of it. */
export const typedProblemsMax = 100
