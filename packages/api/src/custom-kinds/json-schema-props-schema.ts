import type { Schema } from '../schema.ts'
import { boolean, list, map, number, integer, object, optional, string } from '../schema.ts'

const open = (description: string): Schema => ({
  description,
  'x-kubernetes-preserve-unknown-fields': true,
})

const itself = (description: string): Schema => ({
  type: 'object',
  description,
  recursive: () => propsSchema,
})
/** A schema, or what is refused later with better words: a list, or true and false. */
const eitherSchemaOr = (description: string): Schema => ({
  description,
  recursive: () => anySchema,
})

const ruleSchema = object(
  {
    rule: string('What must hold, in CEL.'),
    message: optional(string('What is said when it does not.')),
    messageExpression: optional(string('The same, made by an expression.')),
    reason: optional(string('Why, as one word for programs.')),
    fieldPath: optional(string('The field that is told of.')),
    optionalOldSelf: optional(boolean('Whether the rule is asked on creation too.')),
  },
  'A rule in CEL.',
)

/** Every field of JSONSchemaProps: what is not here is no field of a schema. */
export const propsSchema: Schema = {
  ...object(
    {
      id: optional(string('Not supported.')),
      $schema: optional(string('The schema of the schema.')),
      $ref: optional(string('Not supported.')),
      description: optional(string('What the field is.')),
      type: optional(string('array, boolean, integer, number, object or string.')),
      format: optional(string('A format of the type.')),
      title: optional(string('A title.')),
      default: optional(open('What stands there when nothing was given.')),
      maximum: optional(number('The greatest number.')),
      exclusiveMaximum: optional(boolean('Whether it must be less than maximum.')),
      minimum: optional(number('The least number.')),
      exclusiveMinimum: optional(boolean('Whether it must be more than minimum.')),
      maxLength: optional(integer('Characters at most.')),
      minLength: optional(integer('Characters at least.')),
      pattern: optional(string('A regular expression (RE2).')),
      maxItems: optional(integer('Items at most.')),
      minItems: optional(integer('Items at least.')),
      uniqueItems: optional(boolean('Not supported.')),
      multipleOf: optional(number('Of what the number must be a multiple.')),
      enum: optional(list(open('A value.'), 'The values that may be.')),
      maxProperties: optional(integer('Entries at most.')),
      minProperties: optional(integer('Entries at least.')),
      required: optional(list(string('Name.'), 'Fields that must be there.')),
      items: optional(eitherSchemaOr('What each item is.')),
      allOf: optional(list(itself('A schema.'), 'All must hold.')),
      oneOf: optional(list(itself('A schema.'), 'Exactly one must hold.')),
      anyOf: optional(list(itself('A schema.'), 'At least one must hold.')),
      not: optional(itself('Must not hold.')),
      properties: optional(map(itself('A schema.'), 'The fields.')),
      additionalProperties: optional(eitherSchemaOr('What any other field is.')),
      patternProperties: optional(map(itself('A schema.'), 'Not supported.')),
      dependencies: optional(open('Not supported.')),
      additionalItems: optional(open('Not supported.')),
      definitions: optional(map(itself('A schema.'), 'Not supported.')),
      externalDocs: optional(open('Where more is written.')),
      example: optional(open('An example.')),
      nullable: optional(boolean('Whether null is a value.')),
      'x-kubernetes-preserve-unknown-fields': optional(boolean('Whether all else is kept.')),
      'x-kubernetes-embedded-resource': optional(boolean('Whether it is an object of the API.')),
      'x-kubernetes-int-or-string': optional(boolean('Whether it is an integer or a text.')),
      'x-kubernetes-list-map-keys': optional(list(string('Name.'), 'What tells items apart.')),
      'x-kubernetes-list-type': optional(string('atomic, set or map.')),
      'x-kubernetes-map-type': optional(string('atomic or granular.')),
      'x-kubernetes-validations': optional(list(ruleSchema, 'Rules in CEL.')),
    },
    'A JSON schema.',
  ),
}

const { type: _, ...anySchema } = propsSchema
