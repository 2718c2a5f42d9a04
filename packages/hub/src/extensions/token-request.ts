import { toTimestamp } from '@skerry/base/clock'
import type { Clock } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { tokenRequestKind } from '@skerry/api/kinds/authentication'
import { secretKind } from '@skerry/api/kinds/core'
import type { ObjectOf } from '@skerry/api/kind'
import { applyDefaults } from '@skerry/api/schema-defaults'
import { validateSchema } from '@skerry/api/schema-validate'
import type { State } from '@skerry/api/state'
import { badRequest, conflict, invalid, notFound } from '@skerry/api/status'
import { decodeObject } from '../api-server/wire/decode-object.ts'
import type { SubresourceContext, SubresourceHandler } from '../api-server/extension.ts'
import type { ObjectIdentity, ServiceAccountTokens } from '../trust/service-account-tokens.ts'

export type TokenRequestOptions = {
  readonly tokens: Pick<ServiceAccountTokens, 'mint'>
  readonly state: State
  readonly clock: Pick<Clock, 'now'>
  /** What a token is for when nothing is said. */
  readonly ownAudiences: () => readonly string[]
}

type Request = ObjectOf<typeof tokenRequestKind>
type BoundReference = NonNullable<Request['spec']['boundObjectRef']>

/** `serviceaccounts/NAME/token`: a token of it, as `kubectl create token` asks. Nothing of it is kept. */
export function createTokenRequestHandler(options: TokenRequestOptions): SubresourceHandler {
  return {
    verbs: ['create'],
    handle: async (context) => {
      const { name, namespace = '', uid } = context.object.metadata
      const { spec, boundObjectRef } = decodeRequest(context)
      const secret = await findBound(options.state, namespace, boundObjectRef)
      const audiences = spec.audiences?.length ? spec.audiences : options.ownAudiences()
      const { token, expirationMs } = await options.tokens.mint({
        namespace,
        account: { name, uid },
        secret,
        audiences,
        seconds: spec.expirationSeconds,
      })
      const creationTimestamp = toTimestamp(options.clock.now())
      return {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { name, namespace, uid, creationTimestamp },
        spec: { ...spec, audiences, boundObjectRef },
        status: { token, expirationTimestamp: toTimestamp(expirationMs) },
      }
    },
  }
}

function decodeRequest({ object, body, query }: SubresourceContext) {
  if (!isPlainObject(body))
    throw badRequest(
      "the object provided is unrecognized (must be of type TokenRequest): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
    )
  const { namespace, name } = object.metadata
  const target = { kind: tokenRequestKind, namespace }
  const decoded = applyDefaults(
    tokenRequestKind.schema,
    decodeObject(target, body, query).object,
  ) as Request
  const { spec } = decoded
  const problems = validateSchema(tokenRequestKind.schema, { spec }, '')
  if (problems.length > 0) throw invalid(tokenRequestKind, '', problems)
  const wrong = tokenRequestKind.validate(decoded)
  if (wrong.length > 0) throw invalid(tokenRequestKind, '', wrong)
  const given = decoded.metadata.name ?? ''
  if (given !== '' && given !== name)
    throw invalid(tokenRequestKind, name, [
      {
        path: 'metadata.name',
        type: 'Invalid',
        value: given,
        message: 'must match the service account name if specified',
      },
    ])
  return { spec, boundObjectRef: spec.boundObjectRef ?? null }
}

/** The object that the token is to end with. Only secrets are here: pods and nodes live at the sites. */
async function findBound(
  state: State,
  namespace: string,
  reference: BoundReference | null,
): Promise<ObjectIdentity | undefined> {
  if (reference === null) return undefined
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference
  if (kind === 'Pod' || kind === 'Node')
    throw badRequest(
      `cannot bind token to object of type /v1, Kind=${kind}: pods and nodes live at the sites, not in the hub; bind it to a Secret`,
    )
  if (kind !== 'Secret' || (apiVersion !== 'v1' && apiVersion !== ''))
    throw badRequest(`cannot bind token to object of type ${inGo(apiVersion)}, Kind=${kind}`)
  if (name === '') throw badRequest('Name parameter required.')
  const secret = await state.get(secretKind, { namespace, name })
  if (secret === undefined) throw notFound(secretKind, name)
  if (uid !== '' && uid !== secret.metadata.uid)
    throw conflict(
      { ...secretKind, plural: 'Secret' },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  return { name, uid: secret.metadata.uid }
}

/** `apps/v1` as it is, `v1` as `/v1`. */
const inGo = (apiVersion: string) => (apiVersion.includes('/') ? apiVersion : `/${apiVersion}`)
