/** Distribution specification: names of repositories, host included, have at most 255 characters. */
export const repositoryCharactersMax = 200
/** Tags that one answer lists. */
export const tagsPerPageMax = 1000
/** Documents that a manifest may name. */
export const manifestBlobsMax = 200
