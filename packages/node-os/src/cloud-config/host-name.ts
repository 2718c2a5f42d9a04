import { hostNameCharactersMax } from './limits.ts'

/** Why a machine would not take a name for its own, or undefined. */
export function hostNameProblem(name: string): string | undefined {
  const isPlain = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)
  if (isPlain && name.length <= hostNameCharactersMax) return undefined
  return `${JSON.stringify(name.slice(0, 80))} must be letters, digits, dots and dashes, at most ${hostNameCharactersMax}`
}
