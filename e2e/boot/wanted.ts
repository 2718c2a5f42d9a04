export type OsPolicy = {
  readonly health?: {
    readonly deadlineSeconds?: number
    readonly services?: readonly string[]
    readonly commands?: readonly (readonly string[])[]
  }
  readonly rebootWindow?: { readonly from: string; readonly to: string }
}

/** The profile of the fleet: an operating system and nothing else. */
export function profileOf(image: string, policy: OsPolicy = {}) {
  const { health, ...rest } = policy
  return {
    metadata: { name: 'base', namespace: 'default' },
    spec: {
      layers: [
        {
          name: 'base',
          type: 'os',
          os: { image, health: { deadlineSeconds: 90, ...health }, ...rest },
        },
      ],
    },
  }
}
