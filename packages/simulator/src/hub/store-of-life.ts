import type { State, WatchEvent } from '@skerry/api/state'
import type { HubStore } from '@skerry/store/hub-store'
import type { Life } from '../time/life.ts'

const never = new Promise<never>(() => {})

/**
 * A store as one run of a hub sees it. What it asked for when it died is done or not done, and it never
 * hears which.
 */
export function storeOfLife(store: HubStore, life: Life): HubStore {
  return {
    ...store,
    state: stateOfLife(store.state, life),
    specs: {
      get: (siteUid) => life.own(store.specs.get(siteUid)),
      put: (spec) => life.own(store.specs.put(spec)),
      delete: (siteUid) => life.own(store.specs.delete(siteUid)),
      subscribe(listener) {
        const subscription = store.specs.subscribe(life.hears(listener))
        life.onEnd(() => subscription[Symbol.dispose]())
        return subscription
      },
    },
    rollups: {
      append: (batch) => life.own(store.rollups.append(batch)),
      query: (query) => life.own(store.rollups.query(query)),
      prune: (beforeMs) => life.own(store.rollups.prune(beforeMs)),
    },
  }
}

function stateOfLife(state: State, life: Life): State {
  return {
    get: (kind, key) => life.own(state.get(kind, key)),
    list: (kind, options) => life.own(state.list(kind, options)),
    create: (kind, object, options) => life.own(state.create(kind, object, options)),
    update: (kind, object, options) => life.own(state.update(kind, object, options)),
    delete: (kind, key, options) => life.own(state.delete(kind, key, options)),
    watch: (kind, options) => {
      const ended = new AbortController()
      life.onEnd(() => ended.abort(new Error('The hub is dead.')))
      const signal = AbortSignal.any([options.signal, ended.signal])
      return whileAlive(state.watch(kind, { ...options, signal }), life)
    },
  }
}

async function* whileAlive<E extends WatchEvent>(
  events: AsyncIterable<E>,
  life: Life,
): AsyncGenerator<E> {
  try {
    for await (const event of events) {
      if (life.isOver) await never
      yield event
    }
  } catch (error) {
    if (life.isOver) await never
    throw error
  }
  if (life.isOver) await never
}
