import type { JoinToken } from '@skerry/api/kinds/enrolment'
import { ApiError, badRequest } from '@skerry/api/status'
import { isSecret } from '@skerry/artifact/secret-digest'

export type TokenQuestion = {
  readonly secret: string
  /** The site that the device asked for. */
  readonly site: string | undefined
  /** What the site is called if the device named none and the token makes sites. */
  readonly siteOfOwn: string
  readonly nowMs: number
}

/** Unknown name and wrong secret sound alike, so that names cannot be found out. */
export const unknownToken = () =>
  new ApiError(
    'Forbidden',
    'The join token is not known here: it was mistyped or deleted. Make a new one with "skerry token create".',
  )

/** The site that a token lets a device join, or throws why it does not. Changes nothing. */
export function decideToken(token: JoinToken | undefined, question: TokenQuestion): string {
  if (token === undefined || !isSecret(question.secret, token.spec.tokenDigest))
    throw unknownToken()
  const { name } = token.metadata
  const { expirationTime, usesMax, sites, createsSites } = token.spec
  if (!(question.nowMs < Date.parse(expirationTime)))
    throw new ApiError(
      'Forbidden',
      `The join token ${name} expired at ${expirationTime}: make a new one with "skerry token create".`,
    )
  if ((token.status?.uses ?? 0) >= usesMax)
    throw new ApiError(
      'Forbidden',
      `The join token ${name} is used up: it let in ${usesMax} of ${usesMax}. Make a new one with "skerry token create".`,
    )
  const site =
    question.site ??
    (sites.length === 1
      ? sites[0]
      : createsSites && sites.length === 0
        ? question.siteOfOwn
        : undefined)
  if (site === undefined)
    throw badRequest(
      `site: say which site to join${sites.length === 0 ? '' : `: ${sites.slice(0, 10).join(', ')}`}`,
    )
  if (sites.length > 0 && !sites.includes(site))
    throw new ApiError(
      'Forbidden',
      `The join token ${name} does not let devices into the site ${site}.`,
    )
  return site
}
