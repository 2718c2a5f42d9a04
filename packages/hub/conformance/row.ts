/**
 * One rule of the API as requests whose answers two servers must agree on. `{ns}` is a namespace that is
 * there, `{own}` one that is made for this row alone, `{id}` a name that nobody else uses; what a step
 * keeps under a name is `{$name}` in the steps after it.
 */
export type Row = {
  readonly name: string
  readonly steps: readonly Step[]
  /** Where the hub answers otherwise on purpose. */
  readonly differs?: readonly Difference[]
}

export type Step = {
  /** `POST /api/v1/namespaces/{ns}/configmaps?dryRun=All`; the method may be left out if it is GET. */
  readonly ask: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly text?: string
  /** Sent as it is, in base64. */
  readonly bytes?: string
  /** The media type of what is sent; `application/json` unless it says otherwise. */
  readonly type?: string
  readonly accept?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Names for parts of the answer, by their dotted paths. */
  readonly keep?: Readonly<Record<string, string>>
  /** For a watch: how many events are waited for; the answer ends there. */
  readonly events?: number
  /** Only prepares what comes after it: must succeed, and is not compared. */
  readonly quiet?: true
  /** Asked again until it answers with this code: what a controller does takes its time. */
  readonly until?: number
}

export type Difference = {
  /** The step and the part of its answer: `0.body.message`, or `0.body` for all below it. */
  readonly at: string
  /** What the hub says there; absent: whatever it says. */
  readonly ours?: unknown
  readonly why: string
}

/** What a step was answered with, and what clients look at in it. */
export type Answer = {
  readonly code: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly events?: readonly unknown[]
}
