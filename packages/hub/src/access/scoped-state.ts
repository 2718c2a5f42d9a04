import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject, ObjectKey, StoredObject } from '@skerry/api/object'
import type {
  ListOptions,
  State,
  UpdateOptions,
  WatchOptions,
  UntypedState,
} from '@skerry/api/state'
import type { TextState } from '@skerry/api/text-state'
import { ApiError, gone, isApiError } from '@skerry/api/status'
import type { SiteScope } from '../api-server/authorization.ts'
import { scopedWriteTriesMax } from './limits.ts'

/** What is said to whoever watches when a site came into their scope, or left it. */
export const sitesChangedMessage =
  'the sites that you may see have changed: list again and watch from there'

/**
 * The objects of some sites only, of every kind that belongs to sites: others cannot be read, changed,
 * moved away or moved in. Whatever a handler does with it, it cannot forget to ask.
 */
export function scopedState(state: State, sites: SiteScope): State {
  const scoped: UntypedState = {
    get: async (kind, key) => {
      const object: StoredObject | undefined = await state.get(kind, key)
      if (object !== undefined) assertIn(sites, kind, object)
      return object
    },
    list: (kind, options = {}) => state.list(kind, within(sites, kind, options)),
    create: async (kind, object, options) => {
      assertIn(sites, kind, object as KubeObject)
      return state.create(kind, object, options)
    },
    update: (kind, object, options) =>
      updateWithin(sites, kind, { object, options, read: (key) => state.get(kind, key) }, (exact) =>
        state.update(kind, exact, options),
      ),
    delete: (kind, key, options) => {
      const { preconditions } = options ?? {}
      const aim = { kind, key, pinned: preconditions?.resourceVersion }
      const read = () => state.get(kind, key)
      return withVersion(read, sites, aim, (_, resourceVersion) => {
        const exact = { ...preconditions, resourceVersion }
        return state.delete(kind, key, { ...options, preconditions: exact })
      })
    },
    watch: (kind, options) =>
      watchWithin(sites, kind, options, (scopedOptions) => state.watch(kind, scopedOptions)),
  }
  return scoped as State
}

/** The same for reading and writing as text. */
export function scopedTexts(texts: TextState, sites: SiteScope): TextState {
  return {
    version: () => texts.version(),
    getText: async (kind, key) => {
      const found = await texts.getText(kind, key)
      if (found !== undefined && kind.siteAt !== undefined) assertIn(sites, kind, found.object)
      return found
    },
    createText: async (kind, object, options) => {
      assertIn(sites, kind, object as KubeObject)
      return texts.createText(kind, object, options)
    },
    updateText: (kind, object, options) => {
      const read = async (key: ObjectKey) => (await texts.getText(kind, key))?.object
      return updateWithin(sites, kind, { object, options, read }, (exact) =>
        texts.updateText(kind, exact, options),
      )
    },
    listTexts: (kind, options = {}) => texts.listTexts(kind, within(sites, kind, options)),
    watchTexts: (kind, options) =>
      watchWithin(sites, kind, options, (scoped) => texts.watchTexts(kind, scoped)),
  }
}

/** What belongs to no site is not limited here: who is limited does not come so far with it. */
function has(sites: SiteScope, kind: AnyKind, object: KubeObject): boolean {
  return kind.siteAt === undefined || sites.has(kind, object)
}

function assertIn(sites: SiteScope, kind: AnyKind, object: KubeObject): void {
  if (has(sites, kind, object)) return
  const name = String(object.metadata.name ?? '')
  throw new ApiError(
    'Forbidden',
    `${resourceName(kind)} "${name}" is forbidden: it is of no site that you may see: your role binding is limited by a site selector`,
    { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural },
  )
}

type Updating = {
  readonly object: KubeObject
  readonly options: UpdateOptions | undefined
  readonly read: (key: ObjectKey) => Promise<StoredObject | undefined>
}

/** An update of what is in the scope, and stays in it. */
function updateWithin<Answer>(
  sites: SiteScope,
  kind: AnyKind,
  { object, options, read }: Updating,
  update: (exact: KubeObject) => Promise<Answer>,
): Promise<Answer> {
  const { metadata } = object
  const aim = { kind, key: metadata, pinned: metadata.resourceVersion }
  const readAim = () => read(metadata)
  return withVersion(readAim, sites, aim, (before, resourceVersion) => {
    if (options?.subresource !== 'status') assertIn(sites, kind, placed(object, before))
    return update({ ...object, metadata: { ...metadata, resourceVersion } })
  })
}

/** An update says where it is, even if it says nothing of its namespace. */
function placed(object: KubeObject, before: StoredObject): KubeObject {
  const { name, namespace } = before.metadata
  const where = namespace === undefined ? { name } : { name, namespace }
  return { ...object, metadata: { ...object.metadata, ...where } }
}

type Where = NonNullable<ListOptions['where']>

/** One filter for each kind of a scope: those who watch the same are told together. */
const filters = new WeakMap<SiteScope, WeakMap<AnyKind, Where>>()

function filterOf(sites: SiteScope, kind: AnyKind): Where {
  const known = filters.get(sites) ?? new WeakMap<AnyKind, Where>()
  filters.set(sites, known)
  const filter = known.get(kind) ?? ((object) => sites.has(kind, object))
  known.set(kind, filter)
  return filter
}

function within<O extends ListOptions>(sites: SiteScope, kind: AnyKind, options: O): O {
  if (kind.siteAt === undefined) return options
  const { where } = options
  const filter = filterOf(sites, kind)
  return {
    ...options,
    where: where === undefined ? filter : (object: StoredObject) => filter(object) && where(object),
  }
}

type Aim = {
  readonly kind: AnyKind
  readonly key: ObjectKey
  /** The version that the caller asks for. */
  readonly pinned: string | undefined
}

/**
 * Writes to an object that was looked at, and to no other version of it: somebody may move it to another
 * site in between.
 */
async function withVersion<Answer>(
  read: () => Promise<StoredObject | undefined>,
  sites: SiteScope,
  { kind, key, pinned = '' }: Aim,
  write: (before: StoredObject, resourceVersion: string) => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await read()
    if (before === undefined)
      throw new ApiError('NotFound', `${resourceName(kind)} "${key.name}" not found`, {
        name: key.name,
        group: kind.group,
        kind: kind.plural,
      })
    assertIn(sites, kind, before)
    const { resourceVersion } = before.metadata
    try {
      return await write(before, pinned === '' ? resourceVersion : pinned)
    } catch (thrown) {
      const mayRetry = pinned === '' && attempt < scopedWriteTriesMax
      if (!mayRetry || !isApiError(thrown, 'Conflict')) throw thrown
    }
  }
}

async function* watchWithin<Event>(
  sites: SiteScope,
  kind: AnyKind,
  options: WatchOptions,
  watch: (options: WatchOptions) => AsyncIterable<Event>,
): AsyncGenerator<Event> {
  const scoped = within(sites, kind, options)
  // An object's own labels are told with it, in order; those of its site come from elsewhere.
  if (kind.siteAt === undefined || kind.siteAt === 'self') {
    yield* watch(scoped)
    return
  }
  const { changed } = sites
  const { resourceVersion } = options
  if (resourceVersion !== undefined && sites.isChangedSince(resourceVersion))
    throw gone(sitesChangedMessage)
  const signal = AbortSignal.any([options.signal, changed])
  yield* watch({ ...scoped, signal })
  if (changed.aborted && !options.signal.aborted) throw gone(sitesChangedMessage)
}
