import type { DeviceIdentity } from '@skerry/api/device-protocol'
import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import type { SiteLayer, SpecVersion } from '@skerry/api/site-spec'
import { isPlainObject } from '@skerry/base/json'
import type { Log } from '@skerry/base/log'
import type { FailedContent, KeptLayer } from '@skerry/planner/site-state'
import type { Disk } from '../host.ts'
import type { TrialStart } from '../os/os-trial.ts'
import { type StateFile, createStateFile } from './state-file.ts'

/** The device's key, and the request that it signed once and asks with again. */
export type DeviceKey = { readonly key: string; readonly request: string }

/** What the device was given when it enrolled. */
export type Enrolment = {
  readonly identity: DeviceIdentity
  readonly certificate: string
  readonly authority: string
  readonly trustedKeys: readonly TrustedKey[]
  /** Of the signed set that they came in; absent: they came with the enrolment. */
  readonly trustedKeysVersion?: number
  readonly gateway: string
}

/** What ran well, by layer, and the newest spec that ran in full. */
export type AppliedState = {
  readonly version?: SpecVersion | undefined
  readonly kept: Readonly<Record<string, KeptLayer>>
}

export type ChildRecord = { readonly pid: number; readonly identity: string }

/** All that the agent keeps, each in a file of its own. */
export type AgentState = {
  readonly key: StateFile<DeviceKey>
  readonly enrolment: StateFile<Enrolment>
  /** The signed bytes as they came. */
  readonly target: StateFile<Envelope>
  readonly applied: StateFile<AppliedState>
  readonly failures: StateFile<readonly FailedContent[]>
  readonly ports: StateFile<Readonly<Record<string, number>>>
  readonly children: StateFile<readonly ChildRecord[]>
  /** Telemetry records that were lost to the bound of the spool and not yet told. */
  readonly dropped: StateFile<number>
  /** When the trial of the running image began. */
  readonly osTrial: StateFile<TrialStart>
}

export const agentDirectories = ['state', 'blobs', 'partial', 'spool', 'logs'] as const

/** Makes the directories under `data`, which is there, and gives the files in them. */
export async function openAgentState(disk: Disk, data: string, log: Log): Promise<AgentState> {
  for (const name of agentDirectories) await disk.mkdir(`${data}/${name}`)
  await disk.syncDirectory(data)
  const place = { disk, directory: `${data}/state`, log }
  const file = <T>(name: string, parse: (value: unknown) => T | undefined): StateFile<T> =>
    createStateFile({ ...place, name, parse })
  // Who the device is, is nowhere else: a key that is made anew is the key of a stranger.
  const vital = <T>(name: string, parse: (value: unknown) => T | undefined): StateFile<T> =>
    createStateFile({ ...place, name, parse, isVital: true })
  return {
    key: vital('key.json', asObject<DeviceKey>('key', 'request')),
    enrolment: vital(
      'enrolment.json',
      asObject<Enrolment>('identity', 'certificate', 'authority', 'trustedKeys', 'gateway'),
    ),
    target: file('target.json', asObject<Envelope>('payloadType', 'payload', 'signatures')),
    applied: file('applied.json', asObject<AppliedState>('kept')),
    failures: file('failures.json', asArray<FailedContent>),
    ports: file('ports.json', asObject<Record<string, number>>()),
    children: file('children.json', asArray<ChildRecord>),
    dropped: file('dropped.json', (value) => (typeof value === 'number' ? value : undefined)),
    osTrial: file('os-trial.json', asObject<TrialStart>('bootId', 'startMs')),
  }
}

/** The checksum says that we wrote it; the fields, that we wrote it in this version. */
function asObject<T>(...fields: readonly (keyof T & string)[]): (value: unknown) => T | undefined {
  return (value) =>
    isPlainObject(value) && fields.every((field) => value[field] !== undefined)
      ? (value as T)
      : undefined
}

function asArray<T>(value: unknown): readonly T[] | undefined {
  return Array.isArray(value) ? (value as T[]) : undefined
}

/** A failure is remembered once for each content, the newest last, within a bound. */
export function withFailure(
  failures: readonly FailedContent[],
  failure: FailedContent,
  countMax: number,
): readonly FailedContent[] {
  return [...failures.filter((each) => each.digest !== failure.digest), failure].slice(-countMax)
}

/** What is kept of a layer once `content` serves. */
export function keepLayer(kept: KeptLayer | undefined, content: SiteLayer): KeptLayer {
  if (kept === undefined) return { good: content }
  const isOther = kept.good.digest !== content.digest
  return { good: content, previous: isOther ? kept.good : kept.previous }
}
