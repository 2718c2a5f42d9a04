/** Every bound of rules, with its unit in its name. The costs are counted as kube-apiserver counts them, roughly. */

/** One rule on one value: `perCallLimit` of Kubernetes. */
export const ruleCostMax = 1_000_000

/** All rules of one object: a fifth of Kubernetes', since here nobody else is served meanwhile (decisions/0052). */
export const objectCostMax = 2_000_000

/** What it costs to catch a fault: a throw takes a hundred times as long as a step. */
export const faultCost = 100

export const expressionCharactersMax = 16_384
export const expressionDepthMax = 64
export const messageCharactersMax = 5_120

/** Patterns that were compiled and are kept, for all rules together. */
export const patternsKeptMax = 500
