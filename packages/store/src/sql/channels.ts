/** NOTIFY with the newest version: there are new changes. */
export const changesChannel = 'skerry_changes'

/** NOTIFY with the uid of a site whose spec changed. */
export const specsChannel = 'skerry_specs'
