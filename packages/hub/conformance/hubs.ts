import { join } from 'node:path'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { echoingExtensions } from '../integration/api-rig.ts'
import { startHub, temporaryFolder } from '../integration/hub-process.ts'
import { createApiServer } from '../src/api-server/api-server.ts'
import { keptAsState } from '../src/api-server/kept-as.ts'
import { serveLocally } from '../src/api-server/testing/serve-locally.ts'
import { createAudit } from '../src/audit/audit.ts'
import { ensureNamespace } from '../src/ensure-namespace.ts'
import { coreExtensions } from '../src/extensions/core-extensions.ts'
import { targetOf } from './peer.ts'
import type { Target } from './send.ts'

export type HubUnderTest = AsyncDisposable & { readonly target: Target; readonly state?: State }

/** A real hub in a process of its own, with its PostgreSQL. */
export async function openHubProcess(): Promise<HubUnderTest> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(temporaryFolder())
  const hub = stack.use(startHub('--data', folder.path, '--port', '0', '--gateway-port', '0'))
  stack.use(await hub.ready())
  const target = await targetOf('hub', join(folder.path, 'kubeconfig'))
  const opened = stack.move()
  return { target, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** The API server alone, in this process and in memory: no controllers, and nobody is refused. */
export async function openMemoryHub(): Promise<HubUnderTest> {
  await using stack = new AsyncDisposableStack()
  const [clock, random] = [systemClock, systemRandom]
  const state = stack.use(createMemoryState({ clock, random }))
  for (const name of ['default', 'kube-system']) await ensureNamespace(state, name)
  const apiServer = createApiServer({
    state: keptAsState(state),
    texts: state,
    kinds: fixedKinds(kinds),
    clock,
    random,
    log: silentLog,
    authenticate: async () => ({ name: 'admin', groups: ['system:masters'] }),
    authorize: () => ({ allowed: true }),
    extensions: { ...echoingExtensions(), ...coreExtensions(state) },
    audit: createAudit({
      policy: { rules: [] },
      write: () => {},
      clock,
      random,
    }),
  })
  const port = await serveLocally(apiServer, stack)
  const opened = stack.move()
  return {
    target: { label: 'hub', url: `http://127.0.0.1:${port}` },
    state,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
