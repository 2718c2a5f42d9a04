import { addressFunctions } from './address-functions.ts'
import { listFunctions } from './list-functions.ts'
import { operators } from './operators.ts'
import type { Overload } from './overload.ts'
import { quantityFunctions } from './quantity-functions.ts'
import { stringFunctions } from './string-functions.ts'
import { timeFunctions } from './time-functions.ts'
import { urlFunctions } from './url-functions.ts'

/** Everything that an expression may call. What is not here is refused when a definition is made. */
export const functions: ReadonlyMap<string, readonly Overload[]> = merged([
  operators,
  stringFunctions,
  listFunctions,
  timeFunctions,
  quantityFunctions,
  addressFunctions,
  urlFunctions,
])

export type Library = Readonly<Record<string, readonly Overload[]>>

function merged(libraries: readonly Library[]): Map<string, Overload[]> {
  const all = new Map<string, Overload[]>()
  for (const library of libraries)
    for (const [name, overloads] of Object.entries(library))
      all.set(name, [...(all.get(name) ?? []), ...overloads])
  return all
}
