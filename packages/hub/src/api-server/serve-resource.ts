import { methodNotAllowed } from '@skerry/api/status'
import { scopedState, scopedTexts } from '../access/scoped-state.ts'
import type { SiteScope } from './authorization.ts'
import { warn } from './wire/answer.ts'
import type { AnyKind } from '@skerry/api/kind'
import type { ObjectCall, ResourceCall, ServerContext } from './call.ts'
import { serveDelete, serveDeleteCollection } from './verbs/delete-handler.ts'
import type { SubresourceVerb } from './extension.ts'
import { lastWordsMs } from './limits.ts'
import { serveList } from './verbs/list-handler.ts'
import { serveGet } from './verbs/get-handler.ts'
import { servePatch } from './verbs/patch-handler.ts'
import { serveScale } from './verbs/scale-handler.ts'
import { serveSubresource } from './verbs/subresource-handler.ts'
import { serveVirtual } from './verbs/virtual-handler.ts'
import { serveWatch } from './verbs/watch-handler.ts'
import { serveCreate, serveUpdate } from './verbs/write-handlers.ts'

/** What is done, and what to call once a request that lasts has begun. */
export type Doing = { readonly verb: string; readonly begun: () => void }

/** The one table of verbs: which file answers which. */
export async function serveResource(
  whole: ServerContext,
  call: ResourceCall,
  { verb, begun }: Doing,
): Promise<void> {
  // No handler can forget it: whoever is limited to sites is served from a state that has no others.
  const { sites } = call
  const server = sites === undefined ? whole : withinSites(whole, sites)
  const { kind, name, subresource } = call.target
  if (kind.deprecationWarning !== undefined) warn(call.response, kind.deprecationWarning)
  const virtual = server.extensions.virtual(kind)
  if (virtual !== undefined) return serveVirtual(server, call, { virtual, verb })
  if (subresource === undefined && !(kind.verbs ?? [verb]).includes(verb as never))
    throw methodNotAllowed()
  if (verb === 'watch') {
    using gone = untilGone(server, kind)
    const closing = AbortSignal.any([server.closing, gone.signal])
    return await serveWatch({ ...server, closing }, call, begun)
  }
  if (name === undefined) {
    if (verb === 'list') return serveList(server, call)
    if (verb === 'create') return serveCreate(server, call)
    return serveDeleteCollection(server, call)
  }
  const one: ObjectCall = { ...call, target: { ...call.target, name } }
  if (subresource === 'scale' && kind.scale !== undefined)
    return serveScale(server, one, verb as SubresourceVerb)
  if (subresource !== undefined && !server.extensions.isStatusPart(kind, subresource))
    return serveSubresource(server, one, verb as SubresourceVerb)
  if (verb === 'get') return serveGet(server, one)
  if (verb === 'update') return serveUpdate(server, one)
  if (verb === 'patch') return servePatch(server, one)
  if (subresource === undefined) return serveDelete(server, one)
  throw methodNotAllowed()
}

/**
 * Whoever watches a kind that users took away, or changed, is told by the end of the watch. While the kind is
 * being taken away its objects still go, one by one, and the last of them are told after it has gone.
 */
function untilGone(
  { kinds, clock }: ServerContext,
  kind: AnyKind,
): Disposable & { signal: AbortSignal } {
  const gone = new AbortController()
  const left = new AbortController()
  const end = (): void => gone.abort(new Error('The kind has changed.'))
  const subscription = kinds.subscribe(() => {
    if (kinds.kinds.includes(kind)) return
    const now = kinds.kinds.find((other) => isSameResource(other, kind))
    if (now === undefined) clock.sleep(lastWordsMs, left.signal).then(end, () => {})
    else if (now.isEnding !== true) end()
  })
  return {
    signal: gone.signal,
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]()
      left.abort()
    },
  }
}

function isSameResource(one: AnyKind, other: AnyKind): boolean {
  return one.group === other.group && one.version === other.version && one.plural === other.plural
}

function withinSites(server: ServerContext, sites: SiteScope): ServerContext {
  return {
    ...server,
    state: scopedState(server.state, sites),
    texts: scopedTexts(server.texts, sites),
  }
}
