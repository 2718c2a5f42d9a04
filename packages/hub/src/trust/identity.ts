/** Who asks, after it was proved. */
export type Identity = {
  readonly name: string
  readonly groups: readonly string[]
}
