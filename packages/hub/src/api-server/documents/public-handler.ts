import { methodNotAllowed } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { ApiServerOptions, Call } from '../call.ts'
import { sendAnswer, sendText } from '../wire/answer.ts'
import { readyCheckMsMax } from '../limits.ts'

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
  { readyChecks: checks = {}, clock }: Pick<ApiServerOptions, 'readyChecks' | 'clock'>,
  call: Pick<Call, 'request' | 'response' | 'query'> & { readonly path: string },
): Promise<void> {
  const [, first, only] = call.path.split('/')
  const { method } = call.request
  if (first === 'version' && method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
  if (first === 'version')
    return sendAnswer({ ...call, accepted: { format: 'json' } }, { code: 200, body: versionInfo })
  const wanted: [string, () => Promise<void>][] = [
    ['ping', async () => {}],
    ...(first === 'livez' ? [] : Object.entries(checks)),
  ]
  const isOfAll = only === undefined || only === ''
  const asked = wanted.filter(([name]) => isOfAll || name === only)
  const excluded = new Set(isOfAll ? call.query.getAll('exclude').filter(Boolean) : [])
  const results = await Promise.all(
    asked.map(async ([name, check]) =>
      excluded.has(name)
        ? { line: `[+]${name} excluded: ok`, isGood: true }
        : resultOf(name, await problemOf(check, clock)),
    ),
  )
  const strangers = [...excluded].filter((name) => !asked.some(([known]) => known === name))
  const isGood = results.length > 0 && results.every((result) => result.isGood)
  const isVerbose = (isOfAll && call.query.has('verbose')) || !isGood
  const lines = [
    ...results.map(({ line }) => line),
    ...(strangers.length === 0 ? [] : [unmatched(strangers)]),
  ]
  const verdict = `${first} check ${isGood ? 'passed' : 'failed'}`
  call.response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  call.response.setHeader('Cache-Control', 'no-cache, private')
  const code = isGood ? 200 : results.length === 0 ? 404 : 500
  if (code === 404)
    return sendText(call.request, call.response, { code, text: '404 page not found\n' })
  const text = isVerbose ? `${[...lines, verdict].join('\n')}\n` : 'ok'
  await sendText(call.request, call.response, { code, text })
}

function resultOf(name: string, problem: string | undefined): { line: string; isGood: boolean } {
  const isGood = problem === undefined
  return { line: isGood ? `[+]${name} ok` : `[-]${name} failed: ${problem}`, isGood }
}

function unmatched(names: readonly string[]): string {
  const quoted = names.toSorted().map((name) => JSON.stringify(name))
  return `warn: some health checks cannot be excluded: no matches for ${quoted.join(',')}`
}

/** What is wrong; a check that does not come to an end in time is wrong too. */
async function problemOf(check: () => Promise<void>, clock: Clock): Promise<string | undefined> {
  const done = new AbortController()
  const late = clock.sleep(readyCheckMsMax, done.signal).then(
    () => `no answer within ${readyCheckMsMax / 1000} s`,
    () => undefined,
  )
  const problem = check().then(
    () => undefined,
    (thrown: unknown) => toError(thrown).message,
  )
  const first = await Promise.race([problem, late])
  done.abort()
  return first
}
