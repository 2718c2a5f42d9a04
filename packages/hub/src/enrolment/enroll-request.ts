import { isPlainObject } from '@skerry/base/json'
import type { EnrollRequest } from '@skerry/api/device-protocol'
import { isDnsLabel, nameProblems } from '@skerry/api/name'
import { badRequest } from '@skerry/api/status'
import { hardwareFactCharactersMax, hardwareFactsMax } from './limits.ts'

/** The request in a body, or throws BadRequest that names the field. Unknown fields are ignored. */
export function parseEnrollRequest(body: unknown): EnrollRequest & { readonly namespace: string } {
  if (!isPlainObject(body)) throw badRequest('the body of the request must be an object')
  const { request, token, site, namespace = 'default', hardware = {} } = body
  if (typeof request !== 'string')
    throw badRequest('request: must be a certificate signing request in PEM')
  if (token !== undefined && typeof token !== 'string')
    throw badRequest('token: must be NAME.SECRET as "skerry token create" prints it')
  if (typeof namespace !== 'string' || !isDnsLabel(namespace))
    throw badRequest('namespace: must be a DNS label (RFC 1123)')
  if (site !== undefined && (typeof site !== 'string' || nameProblems(site, 'site').length > 0))
    throw badRequest('site: must be the name of a site: lower-case letters, digits, - and .')
  return {
    request,
    namespace,
    hardware: parseHardware(hardware),
    ...(token === undefined ? {} : { token }),
    ...(site === undefined ? {} : { site }),
  }
}

function parseHardware(value: unknown): Record<string, string> {
  const facts = isPlainObject(value) ? Object.entries(value) : undefined
  const isGood =
    facts !== undefined &&
    facts.length <= hardwareFactsMax &&
    facts.every(
      ([name, fact]) =>
        name.length <= hardwareFactCharactersMax &&
        name !== '__proto__' &&
        typeof fact === 'string' &&
        fact.length <= hardwareFactCharactersMax,
    )
  if (!isGood)
    throw badRequest(
      `hardware: must be at most ${hardwareFactsMax} names with texts of at most ${hardwareFactCharactersMax} characters`,
    )
  return Object.fromEntries(facts) as Record<string, string>
}
