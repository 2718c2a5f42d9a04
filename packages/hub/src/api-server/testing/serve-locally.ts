import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ApiServer } from '../api-server.ts'

/** The port of an API server over plain HTTP on this machine; both end with the stack. */
export async function serveLocally(
  apiServer: ApiServer,
  stack: AsyncDisposableStack,
): Promise<number> {
  const server = createServer((request, response) => {
    if (!apiServer.handle(request, response)) response.writeHead(404).end()
  })
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}
