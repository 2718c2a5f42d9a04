import { boolean, integer, list, listByKey, object, oneOf, optional, string } from '../schema.ts'
import type { Schema } from '../schema.ts'
import { propsSchema } from './json-schema-props-schema.ts'

const open = (description: string): Schema<Record<string, unknown>> => ({
  type: 'object',
  description,
  'x-kubernetes-preserve-unknown-fields': true,
})

const namesSchema = (description: string) =>
  object(
    {
      plural: string('Name of the resource in paths: `widgets`.'),
      singular: optional(string('The same for one object.')),
      kind: string('Name of the kind: `Widget`.'),
      listKind: optional(string('Name of its list: `WidgetList`.')),
      shortNames: optional(list(string('Name.'), 'Short names for kubectl.')),
      categories: optional(list(string('Name.'), 'Groups that it is listed with, such as `all`.')),
    },
    description,
  )

const columnSchema = object(
  {
    name: optional(string('Heading.')),
    type: optional(string('boolean, date, integer, number or string.')),
    format: optional(string('A format of the type.')),
    description: optional(string('What is shown.')),
    priority: optional(integer('0 is always shown, more with `-o wide`.')),
    jsonPath: optional(string('Where the value stands: `.spec.size`.')),
  },
  'A column of kubectl get.',
)

const subresourcesSchema = object(
  {
    status: optional(open('Present: status has its own path and write rules.')),
    scale: optional(
      object(
        {
          specReplicasPath: optional(string('Path of the number wanted, below .spec.')),
          statusReplicasPath: optional(string('Path of the number seen, below .status.')),
          labelSelectorPath: optional(string('Path of the selector of its pods.')),
        },
        'Present: kubectl scale works.',
      ),
    ),
  },
  'Parts with paths of their own.',
)

const versionSchema = object(
  {
    name: string('Such as v1 or v1beta1.'),
    served: boolean('Whether clients may use it.'),
    storage: boolean('Whether objects are kept in it; exactly one is.'),
    deprecated: optional(boolean('Whether clients are warned.')),
    deprecationWarning: optional(string('What they are told.')),
    schema: optional(
      object(
        {
          openAPIV3Schema: optional({
            type: 'object' as const,
            description: 'A structural schema.',
            recursive: () => propsSchema,
          }),
        },
        'What the objects look like.',
      ),
    ),
    subresources: optional(subresourcesSchema),
    additionalPrinterColumns: optional(list(columnSchema, 'Columns of kubectl get.')),
    selectableFields: optional(
      list(
        object({ jsonPath: optional(string('A plain path.')) }, 'A field.'),
        'Fields that field selectors may name.',
      ),
    ),
  },
  'A version of the kind.',
)

const conditionSchema = object(
  {
    type: string('What is said.'),
    status: oneOf(['True', 'False', 'Unknown'], 'Whether it holds.'),
    reason: optional(string('Why, as one word for programs.')),
    message: optional(string('Why, as a sentence.')),
    lastTransitionTime: optional(string('When status last changed.')),
    observedGeneration: optional(integer('The generation that this was said of.')),
  },
  'An observation.',
)

export const definitionSchema = object(
  {
    spec: object(
      {
        group: string('Group of the kind: a domain.'),
        names: namesSchema('What the kind is called.'),
        scope: string('Namespaced or Cluster.'),
        versions: list(versionSchema, 'The versions of the kind.'),
        conversion: optional(
          object(
            {
              strategy: string('None: versions differ in nothing but their name.'),
              webhook: optional(open('Not supported.')),
            },
            'How objects come from one version to another.',
          ),
        ),
        preserveUnknownFields: optional(boolean('Not supported.')),
      },
      'The kind that is wanted.',
    ),
    status: optional(
      object(
        {
          conditions: optional({
            ...listByKey(conditionSchema, 'type', 'Observations.'),
            // So they are until somebody has looked.
            nullable: true,
          }),
          acceptedNames: optional(namesSchema('The names that it got.')),
          storedVersions: optional(
            list(string('Name.'), 'Versions in which objects were ever kept.'),
          ),
        },
        'The kind that there is.',
      ),
    ),
  },
  'A kind that users bring.',
)
