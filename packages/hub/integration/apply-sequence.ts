/** One request of a sequence. Objects are named by the sequence; bodies need not say what and which they are. */
export type Step = {
  readonly verb: 'create' | 'update' | 'apply' | 'merge' | 'json' | 'strategic' | 'delete'
  readonly body: unknown
  /** `fieldManager` of the query. */
  readonly manager?: string
  readonly agent?: string
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly subresource?: string
  /** The body is sent as it is. */
  readonly isRaw?: boolean
  /** Why our answer is another one on purpose. */
  readonly differs?: string
}

export type Sequence = {
  readonly title: string
  readonly kind: 'Thing' | 'ConfigMap' | 'Secret' | 'Lease'
  readonly steps: readonly Step[]
}

type More = Partial<Omit<Step, 'verb' | 'body' | 'manager'>>

export const apply = (manager: string, body: object, more: More = {}): Step => ({
  verb: 'apply',
  manager,
  body,
  ...more,
})
export const force = (manager: string, body: object, more: More = {}): Step =>
  apply(manager, body, { force: true, ...more })
export const raw = (manager: string, body: unknown, more: More = {}): Step => ({
  verb: 'apply',
  manager,
  body,
  isRaw: true,
  ...more,
})
export const create = (manager: string, body: object, more: More = {}): Step => ({
  verb: 'create',
  manager,
  body,
  ...more,
})
export const merge = (manager: string, body: unknown, more: More = {}): Step => ({
  verb: 'merge',
  manager,
  body,
  ...more,
})
export const json = (manager: string, body: unknown, more: More = {}): Step => ({
  verb: 'json',
  manager,
  body,
  ...more,
})
export const strategic = (manager: string, body: object, more: More = {}): Step => ({
  verb: 'strategic',
  manager,
  body,
  ...more,
})

/** Reads the object, lays the body over it as a merge patch would, and puts it back. */
export const update = (manager: string, body: object, more: More = {}): Step => ({
  verb: 'update',
  manager,
  body,
  ...more,
})

export const thing = (title: string, ...steps: Step[]): Sequence => ({
  title,
  kind: 'Thing',
  steps,
})
export const map = (title: string, ...steps: Step[]): Sequence => ({
  title,
  kind: 'ConfigMap',
  steps,
})
export const spec = (fields: object) => ({ spec: fields })
export const data = (fields: object) => ({ data: fields })
export const labels = (fields: object | null) => ({ metadata: { labels: fields } })
export const status = { subresource: 'status' }
export const dryRun = { dryRun: true }
export const nulls = {
  differs: 'null says that a field is not set; a custom resource may not have it there',
}
