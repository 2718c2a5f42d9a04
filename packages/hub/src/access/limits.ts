/** A watch of roles or bindings that broke is opened again after this: what was taken away must not be used for long. */
export const followRetryMs = 500

/** A change of a site's labels is told of to watches that begin within this time: their list may be older. */
export const siteChangeSettleMs = 2_000

/** Changes of sites' labels that are remembered, for watches that go on where they were. About 1 MB. */
export const siteChangesMax = 5_000

/** Sets of site selectors of which something is kept. One for each sort of regional operator. */
export const siteScopesMax = 1_000

/** A write of somebody who is limited to sites is tried again this often when somebody else was faster. */
export const scopedWriteTriesMax = 8

/** Single permissions (one verb, one resource, one name) that somebody may give at once: each is checked. */
export const permissionsGivenMax = 20_000

/** Missing permissions that a refusal names, one on each line. */
export const missingRulesToldMax = 1_000

/** A role that another hub makes at the same moment is looked at again this often. */
export const bootstrapTriesMax = 5
