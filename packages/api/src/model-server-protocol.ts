import type { ModelSignature } from './kinds/model.ts'
import type { TelemetryRecord } from './device-protocol.ts'

/**
 * What the agent and the process of a model say to each other, over the IPC channel of the child
 * process. One process serves one version of one model. The agent owns the listening socket and
 * passes each accepted connection as a handle, so a process may come and go without a client noticing.
 */
export type ToModelServer =
  /** Comes with a socket handle: a client's connection to serve. */
  | { readonly type: 'connection' }
  /** Answer with what was measured since the last time. */
  | { readonly type: 'collect'; readonly id: number }
  /** Take no more: finish what is under way, close each connection after its next answer, then exit with 0. */
  | { readonly type: 'drain'; readonly deadlineMs: number }

export type FromModelServer =
  /** Loaded, warmed, and its self-test answered: may take connections. */
  | { readonly type: 'ready'; readonly signature: ModelSignature; readonly selfTestMs: number }
  /** Will never be ready; the process exits with code 3. */
  | { readonly type: 'refused'; readonly reason: ModelRefusal; readonly message: string }
  | { readonly type: 'collected'; readonly id: number; readonly window: ModelWindow }

/** Why a file cannot serve. */
export type ModelRefusal =
  | 'NotAModel'
  | 'UnsupportedOperator'
  | 'UnsupportedType'
  | 'SelfTestFailed'
  | 'Unreadable'

/** What one process measured between two collections. */
export type ModelWindow = Pick<
  TelemetryRecord,
  'requests' | 'errors' | 'judged' | 'correct' | 'latencyMs' | 'confidence' | 'classes'
>

/** Command line of a model's process: `--file F --model NAME --version V --digest D [--threads N]`. */
export type ModelServerArguments = {
  readonly file: string
  readonly model: string
  readonly version: string
  readonly digest: string
  readonly threads?: number
}

/**
 * What `@skerry/inference/inspect-main --file F` prints as one line of JSON, so that a hub can refuse
 * a bad file at the door. Exit code 0 in both cases; a crash of native code is any other exit.
 */
export type ModelInspection =
  | { readonly ok: true; readonly signature: ModelSignature; readonly selfTestMs: number }
  | { readonly ok: false; readonly reason: ModelRefusal; readonly message: string }
