import type { JsonSchemaProps } from './json-schema-props.ts'

/** The parts of a CustomResourceDefinition that the hub reads, as its schema has them. */
export type Definition = {
  readonly metadata: {
    readonly name: string
    readonly generation?: number
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: DefinitionSpec
  readonly status?: DefinitionStatus
}

export type DefinitionSpec = {
  readonly group: string
  readonly names: DefinitionNames
  readonly scope: string
  readonly versions: readonly DefinitionVersion[]
  readonly conversion?: { readonly strategy: string; readonly webhook?: unknown }
  readonly preserveUnknownFields?: boolean
}

export type DefinitionNames = {
  readonly plural: string
  readonly singular?: string
  readonly kind: string
  readonly listKind?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export type DefinitionVersion = {
  readonly name: string
  readonly served: boolean
  readonly storage: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
  readonly schema?: { readonly openAPIV3Schema?: JsonSchemaProps }
  readonly subresources?: {
    readonly status?: object
    readonly scale?: {
      readonly specReplicasPath?: string
      readonly statusReplicasPath?: string
      readonly labelSelectorPath?: string
    }
  }
  readonly additionalPrinterColumns?: readonly DefinitionColumn[]
  readonly selectableFields?: readonly { readonly jsonPath: string }[]
}

export type DefinitionColumn = {
  readonly name: string
  readonly type: string
  readonly jsonPath: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
}

export type DefinitionStatus = {
  readonly conditions?: readonly DefinitionCondition[]
  readonly acceptedNames?: DefinitionNames
  readonly storedVersions?: readonly string[]
}

export type DefinitionCondition = {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export function isConditionTrue({ status }: Pick<Definition, 'status'>, type: string): boolean {
  return status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false
}
