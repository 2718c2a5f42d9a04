import { type ClientHttp2Session, type ClientHttp2Stream, performServerHandshake } from 'node:http2'
import { devicePaths } from '@skerry/api/device-protocol'
import { answered, protocolHeaders } from './device-calls.ts'
import { reverseStreamsMax } from './device-limits.ts'
import { LinkError } from './device-link.ts'

/**
 * Opens the stream in which the hub opens streams (extended CONNECT, RFC 8441). The hub's answer is also
 * its word on who we are. Undefined: the certificate expired, or the hub is too old to know this.
 */
export async function openReverse(
  session: ClientHttp2Session,
  authority: string,
): Promise<ClientHttp2Stream | undefined> {
  if (session.remoteSettings.enableConnectProtocol !== true) return undefined
  const stream = session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'skerry-reverse',
      ':scheme': 'https',
      ':authority': authority,
      ':path': devicePaths.reverse,
      ...protocolHeaders,
    },
    { endStream: false },
  )
  try {
    await answered(stream)
  } catch (error) {
    if (error instanceof LinkError && error.reason === 'CertificateExpired') return undefined
    throw error
  }
  // Costs nothing until the hub has something to ask.
  stream.once('readable', () => serveHub(stream))
  return stream
}

/** Shells, port-forwards and chunks come later; today the hub can ask whether somebody is there. */
function serveHub(stream: ClientHttp2Stream): void {
  if (stream.destroyed || stream.readableEnded) return
  const session = performServerHandshake(stream, {
    settings: { maxConcurrentStreams: reverseStreamsMax },
  })
  session.on('error', () => stream.destroy())
  session.on('stream', (asked, headers) => {
    asked.on('error', () => {})
    const isKnown = headers[':path'] === devicePaths.reverse && headers[':method'] === 'GET'
    asked.respond({ ':status': isKnown ? 204 : 404 }, { endStream: true })
  })
}
