/** Who asks, after it was proved. */
export type Identity = {
  readonly name: string
  readonly groups: readonly string[]
}

/** May do everything, as in Kubernetes. */
export const mastersGroup = 'system:masters'
/** May read everything but secrets. */
export const viewersGroup = 'skerry:viewers'
