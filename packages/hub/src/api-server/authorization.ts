import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject } from '@skerry/api/object'
import { ApiError } from '@skerry/api/status'

/** Who asks, as certificates, tokens and sessions say it. */
export type User = {
  readonly name: string
  readonly uid?: string | undefined
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
  /** Who really asks, when the request acts for somebody else. */
  readonly impersonator?: User | undefined
}

export type ApiRequest = IncomingMessage | Http2ServerRequest

/** Who sends this request; undefined if it shows nothing that counts. May throw ApiError. */
export type Authenticate = (request: ApiRequest) => Promise<User | undefined>

/** What is asked for: something done to a resource, or a path beside the resources. */
export type Attributes =
  | {
      readonly type: 'resource'
      /** get, list, watch, create, update, patch, delete, deletecollection. */
      readonly verb: string
      readonly group: string
      readonly version: string
      readonly resource: string
      readonly subresource?: string | undefined
      readonly namespace?: string | undefined
      readonly name?: string | undefined
    }
  | { readonly type: 'path'; readonly verb: string; readonly path: string }

export type Decision =
  /** `sites`: only what belongs to a site that it lets through. */
  | { readonly allowed: true; readonly sites?: SiteScope | undefined; readonly reason?: string }
  /** `reason` may be empty; it is shown to the user. */
  | { readonly allowed: false; readonly reason: string }

/** The sites that somebody may see and change. */
export type SiteScope = {
  /** Whether an object is of one of these sites. Nothing that belongs to no site is. */
  has(kind: AnyKind, object: KubeObject): boolean
  /** Aborts when what belongs to which site may have changed: whoever watches has to list again. */
  readonly changed: AbortSignal
  /** Whether that was so after this version, as far as is known: a watch from there would miss something. */
  isChangedSince(resourceVersion: string): boolean
}

export type Authorize = (user: User, attributes: Attributes) => Promise<Decision> | Decision

export type ResourceTarget = {
  readonly kind: AnyKind
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly subresource?: string | undefined
}

/** A namespace is within itself, as in Kubernetes: who may read it in there may get it. */
function namespaceOf({ kind, namespace, name }: ResourceTarget): string | undefined {
  return resourceName(kind) === 'namespaces' ? name : namespace
}

export function attributesOf(verb: string, target: ResourceTarget): Attributes {
  return {
    type: 'resource',
    verb,
    group: target.kind.group,
    version: target.kind.version,
    resource: target.kind.plural,
    subresource: target.subresource,
    namespace: namespaceOf(target),
    name: target.name,
  }
}

/** 403 in Kubernetes' words, which people search for. */
export function forbidden(user: User, attributes: Attributes, reason: string): ApiError {
  const because = reason === '' ? '' : `: ${reason}`
  if (attributes.type === 'path')
    return new ApiError(
      'Forbidden',
      `forbidden: User "${user.name}" cannot ${attributes.verb} path "${attributes.path}"${because}`,
      {},
    )
  const { verb, group, resource, subresource, namespace, name } = attributes
  const part = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const what = resourceName({ group, plural: resource })
  const named = name === undefined ? '' : ` "${name}"`
  return new ApiError(
    'Forbidden',
    `${what}${named} is forbidden: User "${user.name}" cannot ${verb} resource "${part}" in API group "${group}" ${where}${because}`,
    {
      ...(name === undefined ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: resource,
    },
  )
}
