import { fileURLToPath } from 'node:url'

/** Where a program of another package stands. The command line starts them and imports none. */
export function programPath(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier))
}

/** A file of the examples, beside the packages. */
export function examplePath(name: string): string {
  return fileURLToPath(new URL(`../../../../examples/digits/${name}`, import.meta.url))
}
