import { resourceName } from '@skerry/api/kind'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { runControllers } from '@skerry/controller/run-controllers'
import { createMemoryState } from '@skerry/store/memory-state'
import { createApiServer } from '../src/api-server/api-server.ts'
import type { Extensions } from '../src/api-server/extension.ts'
import { keptAsState, keptAsTexts } from '../src/api-server/kept-as.ts'
import { serveLocally } from '../src/api-server/testing/serve-locally.ts'
import { createGarbageCollectionController } from '../src/controllers/garbage-collection.ts'
import { createNamespaceController } from '../src/controllers/namespace.ts'
import { createDefinitionController } from '../src/custom-kinds/definition-controller.ts'
import { openKindRegistry } from '../src/custom-kinds/kind-registry.ts'

export type CustomKindsRig = AsyncDisposable & { readonly server: string; readonly state: State }

/** A hub's API with what makes kinds that users bring live: in memory, over plain HTTP, everybody an administrator. */
export async function openCustomKindsRig(): Promise<CustomKindsRig> {
  await using stack = new AsyncDisposableStack()
  const doors = { clock: systemClock, random: systemRandom, log: silentLog }
  const { clock } = doors
  const state = stack.use(createMemoryState(doors))
  const registry = stack.use(await openKindRegistry({ state, builtIn: kinds, ...doors }))
  const stop = new AbortController()
  const controllers = [
    createDefinitionController({ builtIn: kinds, clock }),
    createNamespaceController({ kinds: registry, clock }),
    createGarbageCollectionController(registry),
  ]
  const running = runControllers({ ...doors, state, controllers, signal: stop.signal })
  stack.defer(async () => {
    stop.abort(new Error('The test is over.'))
    await running
  })
  const apiServer = createApiServer({
    ...doors,
    state: keptAsState(state),
    texts: keptAsTexts(state),
    kinds: registry,
    authenticate: async () => ({ name: 'admin', groups: ['system:masters'] }),
    authorize: () => ({ allowed: true }),
    extensions: nothingElse(),
  })
  const port = await serveLocally(apiServer, stack)
  const opened = stack.move()
  return {
    server: `http://127.0.0.1:${port}`,
    state,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Every subresource that a kind declares; here nobody asks for them. */
function nothingElse(): Extensions {
  const handler = { verbs: [], handle: async () => ({}) }
  return Object.fromEntries(
    kinds.map((kind) => [
      resourceName(kind),
      {
        subresources: Object.fromEntries(kind.subresources.map((name) => [name, handler])),
      },
    ]),
  )
}
