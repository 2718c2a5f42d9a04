import { resolve } from 'node:path'

/** Who is let in beside the hub's own certificates, sessions and tokens; as a kube-apiserver is told it. */
export type AuthenticationOptions = {
  /** The first is written into the tokens of service accounts, all are taken. Empty: the hub's address. */
  readonly serviceAccountIssuers: readonly string[]
  /** Whether who shows nothing is `system:anonymous`. */
  readonly admitsAnonymous: boolean
  /** A file with an AuthenticationConfiguration. */
  readonly configFile: string | undefined
  /** One provider of identities, told by options. */
  readonly oidc: OidcFlags | undefined
}

export type OidcFlags = {
  readonly issuerUrl: string
  readonly clientId: string
  readonly usernameClaim: string
  readonly usernamePrefix: string | undefined
  readonly groupsClaim: string | undefined
  readonly groupsPrefix: string
  readonly caFile: string | undefined
}

const text = { type: 'string' } as const

/** For `parseArgs`. */
export const authenticationFlags = {
  'service-account-issuer': { type: 'string', multiple: true },
  'anonymous-auth': { type: 'boolean' },
  'authentication-config': text,
  'oidc-issuer-url': text,
  'oidc-client-id': text,
  'oidc-username-claim': text,
  'oidc-username-prefix': text,
  'oidc-groups-claim': text,
  'oidc-groups-prefix': text,
  'oidc-ca-file': text,
} as const

export const authenticationUsage = `  --service-account-issuer URL  who issues the tokens of service accounts (the API's address); may be
                          repeated: all are taken, the first is written
  --anonymous-auth        who shows nothing is system:anonymous; without it nobody
  --authentication-config FILE  an AuthenticationConfiguration of apiserver.config.k8s.io: providers of identities
  --oidc-issuer-url URL, --oidc-client-id ID, --oidc-username-claim NAME, --oidc-username-prefix TEXT,
  --oidc-groups-claim NAME, --oidc-groups-prefix TEXT, --oidc-ca-file FILE
                          one provider of identities (OpenID Connect), as a kube-apiserver takes it
`

type Values = {
  readonly [Flag in keyof typeof authenticationFlags]?: string | boolean | string[] | undefined
}

/** Throws RangeError with a sentence when options contradict each other. */
export function authenticationOptionsOf(values: Values): AuthenticationOptions {
  const configFile = pathOf(values['authentication-config'])
  const oidc = oidcOf(values)
  if (configFile !== undefined && oidc !== undefined)
    throw new RangeError('--authentication-config and --oidc-* exclude each other: use one of them')
  const issuers = (values['service-account-issuer'] ?? []) as string[]
  for (const issuer of issuers)
    if (!URL.canParse(issuer) || !issuer.startsWith('https://'))
      throw new RangeError(`--service-account-issuer ${issuer}: must be an https URL`)
  return {
    serviceAccountIssuers: issuers,
    admitsAnonymous: values['anonymous-auth'] === true,
    configFile,
    oidc,
  }
}

function oidcOf(values: Values): OidcFlags | undefined {
  const given = (name: keyof typeof authenticationFlags) => values[name] as string | undefined
  const issuerUrl = given('oidc-issuer-url')
  const clientId = given('oidc-client-id')
  if (issuerUrl === undefined && clientId === undefined) {
    const stray = Object.keys(values).find((name) => name.startsWith('oidc-'))
    if (stray === undefined || values[stray as keyof Values] === undefined) return undefined
    throw new RangeError(`--${stray} needs --oidc-issuer-url and --oidc-client-id`)
  }
  if (issuerUrl === undefined || clientId === undefined)
    throw new RangeError('--oidc-issuer-url and --oidc-client-id must be given together')
  return {
    issuerUrl,
    clientId,
    usernameClaim: given('oidc-username-claim') ?? 'sub',
    usernamePrefix: given('oidc-username-prefix'),
    groupsClaim: given('oidc-groups-claim'),
    groupsPrefix: given('oidc-groups-prefix') ?? '',
    caFile: pathOf(values['oidc-ca-file']),
  }
}

const pathOf = (value: unknown) => (typeof value === 'string' ? resolve(value) : undefined)
