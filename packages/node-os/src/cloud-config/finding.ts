/** A place in a file, as an editor counts: lines and columns from 1. */
export type Position = { readonly file: string; readonly line: number; readonly column: number }

export const findingCodes = [
  /** The file is not read at all: no YAML, too large, a bomb, no text. */
  'Unreadable',
  /** A value is not of the form that its key asks for; that value is left out. */
  'WrongValue',
  /** A key that Kairos or cloud-init knows and this version does not carry out. */
  'NotBuilt',
  /** A key that nobody knows. */
  'UnknownKey',
  /** Read, and probably not what was meant. */
  'Suspicious',
] as const
export type FindingCode = (typeof findingCodes)[number]

/** Something that whoever wrote the file should know. Errors are what is not carried out as it is written. */
export type Finding = {
  readonly severity: 'error' | 'warning'
  readonly code: FindingCode
  readonly at: Position
  /** Where in the document, as `stages.boot[0].files[1].path`. */
  readonly path: string
  readonly message: string
  readonly advice: string
}

export function positionText({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}

/** One line for a console or a terminal. */
export function findingText({ severity, at, path, message, advice }: Finding): string {
  const where = path === '' ? '' : `${path}: `
  return `${positionText(at)}: ${severity}: ${where}${message}${advice === '' ? '' : `; ${advice}`}`
}
