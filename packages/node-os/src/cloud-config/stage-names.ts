/** Stages that are run, in the order of a boot. Each has `.before` and `.after`. */
export const stageNames = ['rootfs', 'initramfs', 'boot', 'fs', 'network', 'reconcile'] as const
export type StageName = (typeof stageNames)[number]

export type StagePart = StageName | `${StageName}.before` | `${StageName}.after`

export const partsOf = (stage: StageName): readonly [StagePart, StagePart, StagePart] => [
  `${stage}.before`,
  stage,
  `${stage}.after`,
]
export const stageParts: readonly StagePart[] = stageNames.flatMap(partsOf)

export function isStagePart(name: string): name is StagePart {
  return (stageParts as readonly string[]).includes(name)
}

const acts = ['install', 'upgrade', 'reset']

/** Kairos' stages of what this version does otherwise or not yet, and what to do instead. */
const unbuilt: ReadonlyMap<string, string> = new Map(
  [
    ...acts.flatMap((act) => [
      `before-${act}`,
      `after-${act}`,
      `after-${act}-chroot`,
      `before-${act}-chroot`,
      `kairos-uki-${act}.pre`,
      `kairos-uki-${act}.after`,
      `kairos-${act}.pre`,
      `kairos-${act}.after`,
    ]),
    'kairos-agent.bootstrap',
  ]
    .flatMap((name) => [name, `${name}.before`, `${name}.after`])
    .map((name) => [
      name,
      'an image is whole when it is built: put the change into image.yaml, or into stage initramfs',
    ]),
)

/** What to do about a stage that is known and not run, or undefined if nobody knows it. */
export function unbuiltStageAdvice(name: string): string | undefined {
  if (name.startsWith('provider-kairos.bootstrap.'))
    return 'Kubernetes is not started from cloud-config yet'
  return unbuilt.get(name)
}

export const unbuiltStageNames = [...unbuilt.keys()]
