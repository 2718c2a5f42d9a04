/** A schematic is a page; inline files are meant to be small. */
export const schematicBytesMax = 2 ** 20
/** Aliases of YAML that are followed: more than a person writes, fewer than a bomb needs. */
export const yamlAliasesMax = 100
export const schematicDepthMax = 20
/** Mistakes that are shown at once. */
export const mistakesShownMax = 50
/** A file that an image carries from beside its schematic. */
export const carriedFileBytesMax = 4 * 2 ** 30
