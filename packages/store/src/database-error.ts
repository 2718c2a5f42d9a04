import { toError } from '@skerry/base/assert'
import { ApiError, isApiError, unavailable } from '@skerry/api/status'

/** SQLSTATE classes that pass: connection, resources, lock, operator, rollback, i/o. */
const passingClasses = new Set(['08', '40', '53', '55', '57', '58', '25'])

/** SQLSTATE `disk_full`. */
const diskFull = '53100'

/** Classes that say a value was refused. */
const refusedClasses = new Set(['22', '23', '54'])

/** What no network and no database throws. */
const bugs = [TypeError, RangeError, SyntaxError, ReferenceError]

/** Whether PostgreSQL refused a value, so that a statement without it may pass. */
export function isRefusedValue(thrown: unknown): boolean {
  return refusedClasses.has(classOf(thrown) ?? '')
}

/** SQLSTATE classes in which the connection may have gone before the answer. */
const lostClasses = new Set(['08', '57', '58'])

/** Whether PostgreSQL itself said that it undid what it was asked for. */
export function isAnswered(thrown: unknown): boolean {
  if (bugs.some((bug) => thrown instanceof bug)) return true
  const sqlClass = classOf(thrown)
  return sqlClass !== undefined && !lostClasses.has(sqlClass)
}

/** What a caller is told when PostgreSQL fails: try again, unless it is a bug. */
export function databaseError(thrown: unknown): Error {
  if (isApiError(thrown)) return thrown
  const error = toError(thrown)
  if (bugs.some((bug) => error instanceof bug)) return error
  if ((thrown as { code?: unknown } | undefined)?.code === diskFull)
    return unavailable(
      `The disk of the database has no space left; nothing was written. Free some and try again. (${error.message})`,
    )
  const sqlClass = classOf(thrown)
  if (sqlClass === undefined || passingClasses.has(sqlClass))
    return unavailable(`The database does not answer; try again. (${error.message})`)
  if (refusedClasses.has(sqlClass))
    return new ApiError('BadRequest', `The database refuses a value: ${error.message}`)
  return error
}

/** No SQLSTATE begins with E, as the EPIPE of a socket does. */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/

/** The first two characters of the SQLSTATE; undefined when it was not PostgreSQL that spoke. */
function classOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && sqlState.test(code) ? code.slice(0, 2) : undefined
}

/** Runs a question to PostgreSQL, with its failures as a caller can use them. */
export async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (thrown) {
    throw databaseError(thrown)
  }
}
