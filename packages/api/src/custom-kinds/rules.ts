import type { RulesOf } from './kinds-of-definition.ts'

/** The rules of a schema, ready to be asked. */
export const rulesOf: RulesOf = () => undefined
