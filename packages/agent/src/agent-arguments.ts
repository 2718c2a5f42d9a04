import { parseArgs } from 'node:util'
import { nodePaths } from '@skerry/api/os/os-layout'
import { parseJoinToken } from '@skerry/api/join-token'
import type { AgentConfig } from './agent-config.ts'
import { heartbeatSecondsDefault } from './limits.ts'

export const usage = `skerry-agent --data DIR --hub URL [options]
  --data DIR               directory of this device; made if it is not there
  --hub URL                https://host:port of the hub
  --join TOKEN             join token, until the device has enrolled (default: SKERRY_JOIN_TOKEN,
                           which not everybody on the machine can read)
  --site NAME              site to join, if the token leaves it open
  --namespace NS           namespace of the site
  --proxy URL              http://host:port of a proxy (default: HTTPS_PROXY)
  --model-server COMMAND   program that serves a model, or a file that Node.js runs
  --heartbeat-seconds N    how often a quiet site reports (default: ${heartbeatSecondsDefault})
skerry-agent --node [--data DIR] [--images DIR] [--model-server COMMAND] [--heartbeat-seconds N]
  --node                   this machine runs from an image of ours: hub, token and all else come from
                           its cloud-config
  --images DIR             an OCI layout with images for this machine; may be given several times`

export type ParsedArguments =
  | {
      readonly ok: true
      readonly config: Omit<AgentConfig, 'modelServer'>
      readonly modelServer: string | undefined
    }
  | { readonly ok: false; readonly message: string }

export type ParsedNodeArguments =
  | {
      readonly ok: true
      readonly data: string
      readonly images: readonly string[]
      readonly modelServer: string | undefined
      readonly heartbeatMs: number
    }
  | { readonly ok: false; readonly message: string }

/** Of `--node`; undefined if that is not among the words. */
export function parseNodeArguments(words: readonly string[]): ParsedNodeArguments | undefined {
  if (!words.includes('--node')) return undefined
  const parsed = parseWords(words)
  if (!parsed.ok) return parsed
  const { values } = parsed
  const given = (['hub', 'join', 'site', 'namespace', 'proxy'] as const).find(
    (name) => values[name] !== undefined,
  )
  if (given !== undefined)
    return {
      ok: false,
      message: `--${given} is not taken with --node: write skerry.${given === 'join' ? 'token' : given} into cloud-config`,
    }
  const heartbeatMs = heartbeatOf(values)
  if (heartbeatMs === undefined) return { ok: false, message: heartbeatRule }
  const { data = nodePaths.agentState, images = [`${nodePaths.data}/skerry/images`] } = values
  return { ok: true, data, images, modelServer: values['model-server'], heartbeatMs }
}

const heartbeatRule = '--heartbeat-seconds must be a number from 1 to 86400'

function heartbeatOf(values: { readonly 'heartbeat-seconds'?: string }): number | undefined {
  const seconds = Number(values['heartbeat-seconds'] ?? heartbeatSecondsDefault)
  return Number.isFinite(seconds) && seconds >= 1 && seconds <= 86_400 ? seconds * 1000 : undefined
}

type Environment = Readonly<Record<string, string | undefined>>

export function parseAgentArguments(
  words: readonly string[],
  environment: Environment,
): ParsedArguments {
  const parsed = parseWords(words)
  if (!parsed.ok) return parsed
  const { values } = parsed
  const fail = (message: string): ParsedArguments => ({ ok: false, message })
  if (values.images !== undefined)
    return fail('--images needs --node: other machines have no slots')
  if (values.data === undefined) return fail('--data is missing: name a directory for this device')
  if (values.hub === undefined) return fail('--hub is missing: give the https URL of the hub')
  if (!URL.canParse(values.hub) || new URL(values.hub).protocol !== 'https:')
    return fail(`--hub must be an https URL, not ${JSON.stringify(values.hub)}`)
  const joinText = values.join ?? environment['SKERRY_JOIN_TOKEN'] ?? ''
  const join = joinText === '' ? undefined : parseJoinToken(joinText)
  if (join?.ok === false) return fail(`--join: ${join.message}`)
  const heartbeatMs = heartbeatOf(values)
  if (heartbeatMs === undefined) return fail(heartbeatRule)
  const proxy = values.proxy ?? proxyFor(new URL(values.hub).hostname, environment)
  if (proxy !== undefined && !/^http:\/\/[^/]/.test(proxy))
    return fail(
      `the proxy must be an http URL such as http://proxy:3128, not ${JSON.stringify(proxy)}`,
    )
  return {
    ok: true,
    modelServer: values['model-server'],
    config: {
      data: values.data,
      hub: values.hub,
      join: join?.token,
      site: values.site,
      namespace: values.namespace,
      proxy,
      heartbeatMs,
    },
  }
}

function parseWords(words: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({
      args: [...words],
      options: {
        data: text,
        hub: text,
        join: text,
        site: text,
        namespace: text,
        proxy: text,
        'model-server': text,
        'heartbeat-seconds': text,
        node: { type: 'boolean' },
        images: { type: 'string', multiple: true },
      },
    })
    return { ok: true, values } as const
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { ok: false, message } as const
  }
}

/** The proxy of the environment, unless the host is near or NO_PROXY names it. */
function proxyFor(host: string, environment: Environment): string | undefined {
  const proxy = environment['HTTPS_PROXY'] ?? environment['https_proxy']
  if (proxy === undefined || proxy === '') return undefined
  if (host === 'localhost' || host === '[::1]' || host.startsWith('127.')) return undefined
  const exempt = (environment['NO_PROXY'] ?? environment['no_proxy'] ?? '').split(',')
  const isExempt = exempt
    .map((entry) => entry.trim().replace(/^\./, ''))
    .some(
      (entry) => entry === '*' || (entry !== '' && (host === entry || host.endsWith(`.${entry}`))),
    )
  return isExempt ? undefined : proxy
}
