import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type AuditSettings,
  auditArguments,
  auditSettingsOf,
  auditUsage,
} from './audit/audit-settings.ts'
import { shutdownDelayMsMax } from './limits.ts'
import {
  type AuthenticationOptions,
  authenticationFlags,
  authenticationOptionsOf,
  authenticationUsage,
} from './trust/authentication-options.ts'

export type HubOptions = {
  /** Everything that the hub keeps: keys, blobs, and the database unless it is elsewhere. */
  readonly data: string
  readonly host: string
  /** Names beside localhost that clients call the hub by. */
  readonly names: readonly string[]
  readonly port: number
  readonly gatewayPort: number
  /** A PostgreSQL to use; absent: the hub starts its own. */
  readonly databaseUrl: string | undefined
  /** Where to write the administrator's kubeconfig. */
  readonly kubeconfig: string
  /** The console's bundle. */
  readonly console: string | undefined
  /** The program that looks at model files. */
  readonly modelInspector: string | undefined
  /** Absent: as the audit is by default. */
  readonly audit?: AuditSettings
  /** How long the API goes on after `/readyz` says that it stops; absent: not at all. */
  readonly shutdownDelayMs?: number
  /** Who is let in, beside the hub's own. */
  readonly authentication: AuthenticationOptions
}

export const hubUsage = `Usage: hub --data DIR [options]
       hub backup --data DIR --to DIR
       hub restore --data DIR --from DIR
       hub begin-epoch --database-url URL   after the database was put back by other means
       hub rotate-keys --data DIR --ring signing|sealing|accounts [--withdraw-old]   while it stands still
       hub graph                            which controller reads, owns and makes what

  --data DIR              everything that the hub keeps
  --host ADDRESS          address to listen on (127.0.0.1)
  --name NAME             a name that clients call the hub by; may be repeated
  --port N                port of the API and the console (7443); 0: any that is free
  --gateway-port N        port of the device gateway (the next one)
  --database-url URL      a PostgreSQL 15 or newer to use instead of one of its own; or SKERRY_DATABASE_URL
  --kubeconfig FILE       where to write the administrator's kubeconfig (DIR/kubeconfig)
  --console DIR           the console's bundle
  --model-inspector FILE  the program that looks at model files before they are accepted
${auditUsage}  --shutdown-delay-duration TIME
                          how long requests are still served after /readyz says that the hub stops (0s)
${authenticationUsage}`

export type ParsedOptions =
  | { readonly ok: true; readonly options: HubOptions }
  | { readonly ok: false; readonly message: string }

/** What the command line asks for, or one sentence about what is wrong with it. */
export function parseHubOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        name: { type: 'string', multiple: true, default: [] },
        port: { type: 'string', default: '7443' },
        'gateway-port': { type: 'string' },
        'database-url': { type: 'string' },
        kubeconfig: { type: 'string' },
        console: { type: 'string' },
        'model-inspector': { type: 'string' },
        'shutdown-delay-duration': { type: 'string', default: '0s' },
        ...auditArguments,
        ...authenticationFlags,
      },
    })
    if (values.data === undefined) return { ok: false, message: '--data DIR is needed' }
    const data = resolve(values.data)
    const port = portOf('--port', values.port)
    return {
      ok: true,
      options: {
        data,
        host: values.host,
        names: values.name,
        port,
        gatewayPort: portOf('--gateway-port', values['gateway-port'] ?? String(port && port + 1)),
        databaseUrl: values['database-url'] ?? environment['SKERRY_DATABASE_URL'],
        kubeconfig: resolve(values.kubeconfig ?? `${data}/kubeconfig`),
        console: values.console === undefined ? undefined : resolve(values.console),
        modelInspector: values['model-inspector'],
        audit: auditSettingsOf(values),
        shutdownDelayMs: shutdownDelayOf(values['shutdown-delay-duration']),
        authentication: authenticationOptionsOf(values),
      },
    }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

function portOf(option: string, text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`${option} ${text}: must be a port, 0 to 65535`)
  return port
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

function shutdownDelayOf(text: string): number {
  const match = /^(\d{1,6})(ms|s|m)$/.exec(text)
  const delayMs = match === null ? NaN : Number(match[1]) * unitsMs[match[2]!]!
  if (!(delayMs <= shutdownDelayMsMax))
    throw new RangeError(
      `--shutdown-delay-duration ${text}: must be a time up to ${shutdownDelayMsMax / 60_000}m, such as 500ms, 10s or 1m`,
    )
  return delayMs
}
