import type { JoinTokenText } from '@skerry/api/join-token'

/** What an agent is told when it starts; everything else comes from its hub or its disk. */
export type AgentConfig = {
  /** Directory of the agent, absolute. */
  readonly data: string
  /** `https://host:port` of the hub's API, for enrolment; a machine may be told it later. */
  readonly hub?: string | undefined
  /** Needed until the device has enrolled. */
  readonly join?: JoinTokenText | undefined
  readonly site?: string | undefined
  readonly namespace?: string | undefined
  /** `http://host:port`, asked by CONNECT. */
  readonly proxy?: string | undefined
  /** Program and arguments that start the process of a model. */
  readonly modelServer: readonly string[]
  readonly heartbeatMs: number
  /** Where a person says what is missing for enrolling; absent: on the command line. */
  readonly configuredBy?: string | undefined
}

export const agentVersion = '0.1.0'
