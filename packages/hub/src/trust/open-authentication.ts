import { readFile } from 'node:fs/promises'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { toError } from '@skerry/base/assert'
import { parse } from 'yaml'
import type { State } from '@skerry/api/state'
import type { DocumentSource } from '../api-server/call.ts'
import { authenticateBearer } from './api-tokens.ts'
import { type Authenticator, createAuthenticator } from './authenticate.ts'
import type { AuthenticationOptions } from './authentication-options.ts'
import type { Authority } from './authority.ts'
import {
  type AuthenticationConfiguration,
  parseAuthenticationConfiguration,
} from './oidc/authentication-configuration.ts'
import { type FetchJson, fetchJson as fetchOverHttps } from './oidc/fetch-json.ts'
import { issuerOfFlags, issuerUrlProblem } from './oidc/oidc-issuer.ts'
import { createOidcTokens } from './oidc/oidc-tokens.ts'
import type { ServiceAccountKeys } from './service-account-keys.ts'
import { type ServiceAccountTokens, createServiceAccountTokens } from './service-account-tokens.ts'
import type { Sessions } from './sessions.ts'
import { type ReviewToken, audienceless, createTokenReview } from './token-authenticator.ts'

export type AuthenticationParts = {
  readonly options: AuthenticationOptions
  readonly authority: Pick<Authority, 'factsOf'>
  readonly accountKeys: ServiceAccountKeys
  readonly sessions: Sessions
  readonly state: State
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The API's https address, once it is listening. */
  readonly address: () => string
  readonly fetchJson?: FetchJson
}

/** All that says who asks. */
export type Authentication = {
  /** For people and registries: who shows nothing is nobody. */
  readonly authenticate: Authenticator
  /** For the API: who shows nothing may be `system:anonymous`. */
  readonly authenticateApi: Authenticator
  readonly reviewToken: ReviewToken
  readonly tokens: ServiceAccountTokens
  /** What tokens for this API are for. */
  readonly ownAudiences: () => readonly string[]
  /** What others need to check our tokens (OpenID Connect discovery). */
  readonly documents: Readonly<Record<string, DocumentSource>>
}

/** Rejects with a sentence when a configuration cannot be used. */
export async function openAuthentication(parts: AuthenticationParts): Promise<Authentication> {
  const { options, accountKeys, state, clock, log, address } = parts
  const configuration = await readConfiguration(options)
  for (const { url } of configuration.issuers)
    if (options.serviceAccountIssuers.includes(url))
      throw new Error(
        `${url} issues the tokens of service accounts: no provider may have its name.`,
      )
  const issuers = () =>
    options.serviceAccountIssuers.length > 0 ? options.serviceAccountIssuers : [address()]
  const tokens = createServiceAccountTokens({ ...parts, keys: accountKeys, issuers })
  const oidc = createOidcTokens({
    issuers: configuration.issuers,
    fetchJson: parts.fetchJson ?? fetchOverHttps,
    clock,
    log,
    ownAudiences: issuers,
  })
  const findApiToken = (token: string) => authenticateBearer(state, token, clock.now())
  const reviewToken = createTokenReview({
    sources: [audienceless(issuers, findApiToken), tokens.source, oidc],
    ownAudiences: issuers,
  })
  const admitsAnonymous = configuration.admitsAnonymous ?? options.admitsAnonymous
  return {
    authenticate: createAuthenticator({ ...parts, reviewToken }),
    authenticateApi: createAuthenticator({ ...parts, reviewToken, admitsAnonymous }),
    reviewToken,
    tokens,
    ownAudiences: issuers,
    documents: openIdDocuments(accountKeys, { issuers, address }),
  }
}

function openIdDocuments(
  keys: ServiceAccountKeys,
  { issuers, address }: { issuers: () => readonly string[]; address: () => string },
): Record<string, DocumentSource> {
  return {
    '/.well-known/openid-configuration': {
      mediaType: 'application/json',
      make: () => ({
        issuer: issuers()[0],
        jwks_uri: `${address()}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      }),
    },
    '/openid/v1/jwks': {
      mediaType: 'application/jwk-set+json',
      make: () => keys.keySet(),
    },
  }
}

async function readConfiguration({
  configFile,
  oidc,
}: AuthenticationOptions): Promise<AuthenticationConfiguration> {
  if (oidc !== undefined) {
    const wrong = issuerUrlProblem(oidc.issuerUrl)
    if (wrong !== undefined) throw new Error(`--oidc-issuer-url ${oidc.issuerUrl}: ${wrong}.`)
    const authority = oidc.caFile && (await readNamed('--oidc-ca-file', oidc.caFile))
    return { issuers: [issuerOfFlags(oidc, authority)], admitsAnonymous: undefined }
  }
  if (configFile === undefined) return { issuers: [], admitsAnonymous: undefined }
  const text = await readNamed('--authentication-config', configFile)
  const parsed = parseAuthenticationConfiguration(parseYaml(text, configFile))
  if (!parsed.ok) throw new Error(`The file ${configFile} cannot be used: ${parsed.message}.`)
  return parsed
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text) as unknown
  } catch (thrown) {
    throw new Error(`The file ${file} is not YAML: ${toError(thrown).message}`, { cause: thrown })
  }
}

async function readNamed(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    throw new Error(`${option}: ${toError(thrown).message}`, { cause: thrown })
  }
}
