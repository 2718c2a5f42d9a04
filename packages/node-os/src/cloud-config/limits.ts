/** Kairos skips larger files too; what is larger is no configuration. */
export const configBytesMax = 1024 * 1024
/** Files of one source directory; a person writes a dozen. */
export const configFilesMax = 256
/** Values of one document after its aliases are followed: 1 MiB of text holds fewer without a bomb. */
export const configNodesMax = 50_000
/** Lines and commas of one file: with more the YAML parser takes seconds. */
export const configSeparatorsMax = 100_000
/** Documents of people nest less than ten deep. */
export const configDepthMax = 32
/** Nested brackets that the YAML parser is given at most: it recurses. */
export const bracketDepthMax = 200
/** What is wrong with one file, in words; more helps nobody. */
export const findingsPerFileMax = 200
/** A pattern of only_os and its like. */
export const patternCharactersMax = 200
/** Text of one template expression, `{{ ... }}`. */
export const templateCharactersMax = 200
/** Steps of one stage that `after` can put in order; a person writes ten. */
export const orderedStepsMax = 200
/** Keys of one map that are said to be unknown: comparing names takes its time. */
export const ignoredKeysMax = 30
/** A host name, by RFC 1123. */
export const hostNameCharactersMax = 63
