import { toError } from '@skerry/base/assert'
import type { ApiServerOptions, Call } from './call.ts'
import { sendAnswer, sendText } from './answer.ts'

const [major, minor] = ['1', '36']

/** What the API is compatible with, in the words of a kube-apiserver. */
const versionInfo = {
  major,
  minor,
  gitVersion: `v${major}.${minor}.0+skerry`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
}

/** Paths that say nothing secret and are asked before anybody can sign in. */
export function isPublicPath(path: string): boolean {
  return /^\/(version|(healthz|livez|readyz)(\/[^/]+)?)\/?$/.test(path)
}

export async function servePublic(
  checks: NonNullable<ApiServerOptions['readyChecks']>,
  call: Pick<Call, 'request' | 'response' | 'query'> & { readonly path: string },
): Promise<void> {
  const [, first, only] = call.path.split('/')
  if (first === 'version')
    return sendAnswer({ ...call, accepted: { format: 'json' } }, { code: 200, body: versionInfo })
  const wanted: [string, () => Promise<void>][] = [
    ['ping', async () => {}],
    ...(first === 'livez' ? [] : Object.entries(checks)),
  ]
  const results = await Promise.all(
    wanted
      .filter(([name]) => only === undefined || only === '' || name === only)
      .map(async ([name, check]) => ({ name, problem: await problemOf(check) })),
  )
  const isGood = results.length > 0 && results.every(({ problem }) => problem === undefined)
  const isVerbose = call.query.has('verbose') || !isGood
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  )
  const verdict = `${first} check ${isGood ? 'passed' : 'failed'}`
  call.response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  call.response.setHeader('Cache-Control', 'no-cache, private')
  const code = isGood ? 200 : results.length === 0 ? 404 : 500
  const text = isVerbose ? `${[...lines, verdict].join('\n')}\n` : 'ok'
  await sendText(call.request, call.response, { code, text })
}

async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (thrown) {
    return toError(thrown).message
  }
}
