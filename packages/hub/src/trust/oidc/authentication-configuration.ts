import { isPlainObject } from '@skerry/base/json'
import { type Infer, boolean, list, object, oneOf, optional, string } from '@skerry/api/schema'
import type { Problem } from '@skerry/api/problem'
import { formatProblem } from '@skerry/api/problem'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { validateSchema } from '@skerry/api/schema-validate'
import { oidcIssuersMax } from '../limits.ts'
import { type OidcIssuer, type PrefixedClaim, issuerUrlProblem } from './oidc-issuer.ts'

export type AuthenticationConfiguration = {
  readonly issuers: readonly OidcIssuer[]
  /** Absent: as the option says. */
  readonly admitsAnonymous: boolean | undefined
}

export type ParsedConfiguration =
  | ({ readonly ok: true } & AuthenticationConfiguration)
  | { readonly ok: false; readonly message: string }

const claimOrExpression = object(
  {
    claim: optional(string('Claim.')),
    prefix: optional(string('What is put before it.')),
    expression: optional(string('CEL.')),
  },
  'Where it comes from.',
)

const jwtSchema = object(
  {
    issuer: object(
      {
        url: string('Issuer.'),
        discoveryURL: optional(string('Where its document is.')),
        certificateAuthority: optional(string('PEM.')),
        audiences: list(string('Audience.'), 'For whom tokens are.'),
        audienceMatchPolicy: optional(oneOf(['MatchAny'], 'How audiences are compared.')),
      },
      'Who issues.',
    ),
    claimValidationRules: optional(
      list(
        object(
          {
            claim: optional(string('Claim.')),
            requiredValue: optional(string('Value.')),
            expression: optional(string('CEL.')),
            message: optional(string('Message.')),
          },
          'One rule.',
        ),
        'What tokens must say.',
      ),
    ),
    claimMappings: object(
      {
        username: claimOrExpression,
        groups: optional(claimOrExpression),
        uid: optional(claimOrExpression),
        extra: optional(
          list(
            object({ key: string('Key.'), valueExpression: string('CEL.') }, 'One key.'),
            'More of the user.',
          ),
        ),
      },
      'How claims become users.',
    ),
    userValidationRules: optional(list(object({}, 'One rule.'), 'Not known here.')),
  },
  'One issuer.',
)
type Jwt = Infer<typeof jwtSchema>

const configurationSchema = object(
  {
    apiVersion: oneOf(
      [
        'apiserver.config.k8s.io/v1',
        'apiserver.config.k8s.io/v1beta1',
        'apiserver.config.k8s.io/v1alpha1',
      ],
      'Version.',
    ),
    kind: oneOf(['AuthenticationConfiguration'], 'Kind.'),
    jwt: optional(list(jwtSchema, 'Issuers.', { maxItems: oidcIssuersMax })),
    anonymous: optional(object({ enabled: boolean('Whether.') }, 'Who shows nothing.')),
  },
  'Configuration.',
)

/** Kubernetes' AuthenticationConfiguration, as far as it needs no CEL. Says all that is wrong with it. */
export function parseAuthenticationConfiguration(value: unknown): ParsedConfiguration {
  if (!isPlainObject(value)) return { ok: false, message: 'it must be an object' }
  const { unknownFields } = pruneUnknown(configurationSchema, value, '')
  const shape: Problem[] = [
    ...unknownFields.map((path): Problem => ({
      path,
      type: 'Unknown',
      message: 'is not known here',
    })),
    ...validateSchema(configurationSchema, value, ''),
  ]
  if (shape.length > 0) return { ok: false, message: shape.map(formatProblem).join('; ') }
  const configuration = value as Infer<typeof configurationSchema>
  const jwts = configuration.jwt ?? []
  const problems = jwts.flatMap((jwt, index) => jwtProblems(jwt, index, jwts))
  return problems.length > 0
    ? { ok: false, message: problems.map(formatProblem).join('; ') }
    : {
        ok: true,
        issuers: jwts.map(issuerOf),
        admitsAnonymous: configuration.anonymous?.enabled,
      }
}

const expressionMessage = 'CEL is not evaluated for identities: use claim, prefix and requiredValue'

function jwtProblems(jwt: Jwt, index: number, all: readonly Jwt[]): Problem[] {
  const at = `jwt[${index}]`
  const problems: Problem[] = []
  const add = (path: string, type: Problem['type'], message: string) =>
    problems.push({ path: `${at}.${path}`, type, message })
  const { issuer, claimMappings, claimValidationRules = [] } = jwt
  for (const [field, url] of [
    ['url', issuer.url],
    ['discoveryURL', issuer.discoveryURL],
  ] as const) {
    const wrong = url === undefined ? undefined : issuerUrlProblem(url)
    if (wrong !== undefined) add(`issuer.${field}`, 'Invalid', wrong)
  }
  if (all.findIndex((other) => other.issuer.url === issuer.url) < index)
    add('issuer.url', 'Duplicate', issuer.url)
  if (issuer.audiences.length === 0 || issuer.audiences.includes(''))
    add('issuer.audiences', 'Required', 'name at least one, and no empty one')
  if (claimMappings.username.claim === undefined)
    add('claimMappings.username.claim', 'Required', expressionMessage)
  else if (claimMappings.username.prefix === undefined)
    add('claimMappings.username.prefix', 'Required', 'must be set with claim; it may be empty')
  if (claimMappings.groups?.claim !== undefined && claimMappings.groups.prefix === undefined)
    add('claimMappings.groups.prefix', 'Required', 'must be set with claim; it may be empty')
  for (const field of ['username', 'groups', 'uid'] as const)
    if (claimMappings[field]?.expression !== undefined)
      add(`claimMappings.${field}.expression`, 'Forbidden', expressionMessage)
  for (const [rule, { claim, expression }] of claimValidationRules.entries())
    if (claim === undefined || expression !== undefined)
      add(`claimValidationRules[${rule}]`, 'Forbidden', expressionMessage)
  for (const [extra, { key, valueExpression }] of (claimMappings.extra ?? []).entries()) {
    if (pathOf(valueExpression) === undefined)
      add(
        `claimMappings.extra[${extra}].valueExpression`,
        'Invalid',
        'only the path of a claim is evaluated, such as claims.department',
      )
    if (key !== key.toLowerCase() || !key.includes('/'))
      add(
        `claimMappings.extra[${extra}].key`,
        'Invalid',
        'must be in lower case, with a domain before it: example.com/department',
      )
  }
  if ((jwt.userValidationRules ?? []).length > 0)
    add('userValidationRules', 'Forbidden', expressionMessage)
  return problems
}

function issuerOf({ issuer, claimMappings, claimValidationRules = [] }: Jwt): OidcIssuer {
  return {
    url: issuer.url,
    discoveryUrl: issuer.discoveryURL,
    audiences: issuer.audiences,
    authority: issuer.certificateAuthority,
    username: prefixed(claimMappings.username)!,
    groups: prefixed(claimMappings.groups),
    uidClaim: claimMappings.uid?.claim,
    extra: (claimMappings.extra ?? []).map(({ key, valueExpression }) => ({
      key,
      path: pathOf(valueExpression)!,
    })),
    required: claimValidationRules.map(({ claim, requiredValue }) => ({
      claim: claim!,
      value: requiredValue ?? '',
    })),
  }
}

function prefixed(mapping: Infer<typeof claimOrExpression> | undefined): PrefixedClaim | undefined {
  return mapping?.claim === undefined
    ? undefined
    : { claim: mapping.claim, prefix: mapping.prefix ?? '' }
}

/** `claims.a.b` as a path. */
function pathOf(expression: string): string[] | undefined {
  return /^claims(\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(expression)
    ? expression.split('.').slice(1)
    : undefined
}
