import { parseJoinToken } from '@skerry/api/join-token'
import type { AgentConfig } from '../agent-config.ts'
import type { UserCheck } from './image-machine.ts'

/** What the configuration of a machine says to its agent. */
export type NodeSettings = {
  readonly hub?: string | undefined
  readonly token?: string | undefined
  readonly site?: string | undefined
  readonly namespace?: string | undefined
  readonly proxy?: string | undefined
  readonly services: readonly string[]
  readonly checks: readonly UserCheck[]
}

export type NodeOptions = {
  readonly data: string
  readonly modelServer: readonly string[]
  readonly heartbeatMs: number
}

export const configuredBy =
  'a file of cloud-config: /data/oem/skerry.yaml, or one on a stick that is labelled SKERRY'

export type ConfigOfSettings = {
  readonly config: AgentConfig
  /** What a person must mend. */
  readonly problem?: string | undefined
}

/** A machine that cannot join its hub runs what it has; it never refuses to start. */
export function configOfSettings(settings: NodeSettings, options: NodeOptions): ConfigOfSettings {
  const { hub, token, site, namespace, proxy } = settings
  const parsed = token === undefined ? undefined : parseJoinToken(token)
  const join = parsed?.ok === true ? parsed.token : undefined
  const config = { ...options, hub, join, site, namespace, proxy, configuredBy }
  // Whoever has joined knows the hub without it; whoever has not is told so when the agent tries.
  if (hub === undefined) return { config }
  return parsed?.ok === false ? { config, problem: `skerry.token: ${parsed.message}` } : { config }
}
