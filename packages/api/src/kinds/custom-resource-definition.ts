import type { Definition } from '../custom-kinds/definition.ts'
import { definitionProblems } from '../custom-kinds/definition-problems.ts'
import { definitionSchema } from '../custom-kinds/definition-schema.ts'
import { normalizeDefinition } from '../custom-kinds/normalize-definition.ts'
import { ruleProblems } from '../custom-kinds/rule-problems.ts'
import { type ObjectOf, defineKind } from '../kind.ts'

/** Who waits with a definition that goes until all objects of its kind are gone. */
export const definitionFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

/** A kind that users bring. Its objects are served once it is established. */
export const customResourceDefinitionKind = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  isBuiltIn: true,
  description: 'A kind that users bring.',
  schema: definitionSchema,
  columns: [
    {
      name: 'Created At',
      type: 'string',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  statusOwners: {
    conditions: 'custom-resource-definition',
    acceptedNames: 'custom-resource-definition',
    // The store itself adds to it, under its lock: no version may be forgotten.
    storedVersions: 'custom-resource-definition',
  },
  deletionFinalizers: [definitionFinalizer],
  normalize: normalizeDefinition,
  validate: (definition, before) =>
    definitionProblems(definition as Definition, before as Definition | undefined, ruleProblems),
})
export type CustomResourceDefinition = ObjectOf<typeof customResourceDefinitionKind>
