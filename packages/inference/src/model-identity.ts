/** Which bytes a process serves, and under which name. */
export type ModelIdentity = {
  readonly model: string
  readonly version: string
  readonly digest: string
}
