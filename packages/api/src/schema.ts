/**
 * A kind's schema is written once, as an OpenAPI v3 structural schema that carries its TypeScript
 * type with it. Validation, defaults, `kubectl explain` and the client's types all read this value.
 */
declare const typeOf: unique symbol

/** A rule in CEL that a value must keep, as CustomResourceDefinitions carry them. */
export type ValidationRule = {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

export type Schema<T = unknown> = {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  /** Those that are known are looked at (`schema-format.ts`); others say nothing. */
  readonly format?: string
  /** RE2: what users write may not hang anybody. */
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly nullable?: boolean
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly title?: string
  /** The schema itself, of a shape that holds itself: schemas of schemas. */
  readonly recursive?: () => Schema
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-embedded-resource'?: true
  readonly 'x-kubernetes-map-type'?: 'granular' | 'atomic'
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[]
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly [typeOf]?: T
}

/** The TypeScript type that a schema describes. */
export type Infer<S> = S extends Schema<infer T> ? T : never

type Options = Omit<Schema, 'type' | 'properties' | 'required' | 'items' | typeof typeOf>
type Optional<S extends Schema> = { readonly optional: S }
type Properties = Readonly<Record<string, Schema | Optional<Schema>>>

type RequiredKeys<P> = { [K in keyof P]: P[K] extends Optional<Schema> ? never : K }[keyof P]
type Flat<T> = { [K in keyof T]: T[K] }
export type InferProperties<P> = Flat<
  { [K in RequiredKeys<P>]: Infer<P[K]> } & {
    [K in Exclude<keyof P, RequiredKeys<P>>]?: P[K] extends Optional<infer S> ? Infer<S> : never
  }
>

export const string = (description: string, options: Options = {}): Schema<string> => ({
  type: 'string',
  description,
  ...options,
})

export const timestamp = (description: string): Schema<string> => ({
  type: 'string',
  format: 'date-time',
  description,
})

export const oneOf = <const V extends readonly string[]>(
  values: V,
  description: string,
  options: Options = {},
): Schema<V[number]> => ({ type: 'string', enum: values, description, ...options })

export const integer = (description: string, options: Options = {}): Schema<number> => ({
  type: 'integer',
  format: 'int64',
  description,
  ...options,
})

export const number = (description: string, options: Options = {}): Schema<number> => ({
  type: 'number',
  format: 'double',
  description,
  ...options,
})

export const boolean = (description: string, options: Options = {}): Schema<boolean> => ({
  type: 'boolean',
  description,
  ...options,
})

/** An array. Lists of objects with a key say so by `x-kubernetes-list-map-keys`. */
export const list = <T>(
  items: Schema<T>,
  description: string,
  options: Options = {},
): Schema<T[]> => ({ type: 'array', items, description, maxItems: 10_000, ...options })

/** A list whose items are told apart by one of their fields. */
export const listByKey = <T>(items: Schema<T>, key: keyof T & string, description: string) =>
  list(items, description, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
  })

export const map = <T>(
  values: Schema<T>,
  description: string,
  options: Options = {},
): Schema<Record<string, T>> => ({
  type: 'object',
  additionalProperties: values,
  description,
  ...options,
})

/** Any JSON object, kept as it comes. */
export const anyObject = (description: string): Schema<Record<string, unknown>> => ({
  type: 'object',
  description,
  'x-kubernetes-preserve-unknown-fields': true,
})

/** May be absent. */
export const optional = <S extends Schema>(schema: S): Optional<S> => ({ optional: schema })

/** May be left out by whoever writes; is always there for whoever reads. */
export const withDefault = <T>(schema: Schema<T>, value: T): Schema<T> => ({
  ...schema,
  default: value,
})

export function object<const P extends Properties>(
  properties: P,
  description: string,
): Schema<InferProperties<P>> {
  const entries = Object.entries(properties)
  const schemas = entries.map(([name, property]) => [name, schemaOf(property)] as const)
  const required = entries
    .filter(([, property]) => !isOptional(property) && property.default === undefined)
    .map(([name]) => name)
  return {
    type: 'object',
    description,
    properties: Object.fromEntries(schemas),
    ...(required.length === 0 ? {} : { required }),
  }
}

const isOptional = (property: Schema | Optional<Schema>): property is Optional<Schema> =>
  'optional' in property

const schemaOf = (property: Schema | Optional<Schema>): Schema =>
  isOptional(property) ? property.optional : property
