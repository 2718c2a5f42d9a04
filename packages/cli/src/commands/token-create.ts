import { X509Certificate } from 'node:crypto'
import { joinTokenKind } from '@skerry/api/kinds/enrolment'
import { mintJoinToken } from '@skerry/artifact/mint-join-token'
import { systemClock, toTimestamp } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { certificateDigest } from '@skerry/client/device-hub-check'
import { CommandError, exitCodes } from '../exit-code.ts'
import type { HubAccess } from '../hub-access.ts'

export type TokenOptions = {
  readonly uses: number
  readonly validForMs: number
  readonly sites: readonly string[]
  readonly createsSites: boolean
  readonly siteLabels: Readonly<Record<string, string>>
}

/**
 * Makes a join token. The secret is made here and shown once; the hub only ever sees its digest. The
 * last part is the digest of the hub's authority, by which the device knows the hub.
 */
export async function createJoinToken(hub: HubAccess, options: TokenOptions): Promise<string> {
  const { authority } = hub.address
  if (authority === undefined)
    throw new CommandError(
      'The kubeconfig names no certificate authority, so a device could not know its hub: add certificate-authority-data.',
      exitCodes.usage,
    )
  const name = `join-${systemRandom.suffix(8)}`
  const minted = mintJoinToken(name, certificateDigest(new X509Certificate(authority)))
  await hub.state.create(joinTokenKind, {
    metadata: { name, namespace: hub.namespace },
    spec: {
      tokenDigest: minted.tokenDigest,
      expirationTime: toTimestamp(systemClock.now() + options.validForMs),
      usesMax: options.uses,
      sites: [...options.sites],
      createsSites: options.createsSites,
      siteLabels: { ...options.siteLabels },
    },
  })
  return minted.token
}

/** `fleet=shops`, as often as it is given. The hub checks what labels may be. */
export function parseLabels(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at < 1)
        throw new CommandError(
          `--label ${word}: must be KEY=VALUE, such as fleet=shops`,
          exitCodes.usage,
        )
      return [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}
