import type { RegistryAnswer, RegistryTransport } from '@skerry/artifact/registry-transport'
import { isPlainObject } from '@skerry/base/json'
import { configBytesMax } from './limits.ts'

/** A transport that asks for a token where a registry wants one, as public registries do of everybody. */
export function withTokens(transport: RegistryTransport): RegistryTransport {
  const tokens = new Map<string, string>()
  return async (request) => {
    const { host } = new URL(request.url)
    const send = (token: string | undefined) =>
      transport(
        token === undefined
          ? request
          : { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } },
      )
    const answer = await send(tokens.get(host))
    if (answer.status >= 300 && answer.status < 400) return follow(transport, answer, request.url)
    if (answer.status !== 401) return answer
    const address = tokenAddress(answer.header('www-authenticate') ?? '')
    if (address === undefined) return answer
    await readAll(answer)
    const given = await transport({ method: 'GET', url: address })
    const token = tokenIn(await readAll(given))
    if (given.status !== 200 || token === undefined) return send(undefined)
    tokens.set(host, token)
    const second = await send(token)
    return second.status >= 300 && second.status < 400
      ? follow(transport, second, request.url)
      : second
  }
}

/** Blobs lie elsewhere; the token is not shown there. */
async function follow(
  transport: RegistryTransport,
  answer: RegistryAnswer,
  url: string,
): Promise<RegistryAnswer> {
  const location = answer.header('location')
  if (location === undefined) return answer
  await readAll(answer)
  return transport({ method: 'GET', url: new URL(location, url).href })
}

/** Where `Bearer realm="…",service="…",scope="…"` says that tokens are given. */
export function tokenAddress(challenge: string): string | undefined {
  if (!/^bearer /i.test(challenge)) return undefined
  const values = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((found) => [
      found[1]!.toLowerCase(),
      found[2]!,
    ]),
  )
  const realm = values.get('realm')
  if (realm === undefined || !/^https?:\/\//.test(realm) || !URL.canParse(realm)) return undefined
  const address = new URL(realm)
  for (const name of ['service', 'scope']) {
    const value = values.get(name)
    if (value !== undefined) address.searchParams.set(name, value)
  }
  return address.href
}

function tokenIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!isPlainObject(value)) return undefined
    const token = value['token'] ?? value['access_token']
    return typeof token === 'string' && /^[\x21-\x7e]+$/.test(token) ? token : undefined
  } catch {
    return undefined
  }
}

async function readAll(answer: RegistryAnswer): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of answer.body) {
    sizeBytes += chunk.length
    if (sizeBytes <= configBytesMax) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
