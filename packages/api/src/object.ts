import {
  type Infer,
  boolean,
  integer,
  list,
  listByKey,
  map,
  object,
  optional,
  string,
  timestamp,
  oneOf,
  anyObject,
} from './schema.ts'

/** Who an object belongs to. When the last owner is gone, the object goes too. */
export const ownerReferenceSchema = object(
  {
    apiVersion: string('API version of the owner.'),
    kind: string('Kind of the owner.'),
    name: string('Name of the owner.'),
    uid: string('UID of the owner.'),
    controller: optional(boolean('Whether the owner is the one that manages this object.')),
    blockOwnerDeletion: optional(
      boolean('Whether the owner waits for this object when it is deleted in the foreground.'),
    ),
  },
  'An object that this one depends on, in the same namespace or cluster-wide.',
)
export type OwnerReference = Infer<typeof ownerReferenceSchema>

/** An entry of `metadata.managedFields`, as documents tell of it; who writes one is judged by `managed-fields/`. */
export const managedFieldsEntrySchema = object(
  {
    manager: optional(string('Who manages the fields.')),
    operation: optional(string('Apply or Update: how they came to be managed.')),
    apiVersion: optional(string('The version of the kind that the fields are of.')),
    time: optional(timestamp('When the entry was added or its fields last changed.')),
    fieldsType: optional(string('The format of the fields: FieldsV1.')),
    fieldsV1: optional(anyObject('The fields, as a trie.')),
    subresource: optional(string('The subresource through which they were written.')),
  },
  "One manager's fields.",
)

/** Standard object metadata (Kubernetes `meta/v1.ObjectMeta`). */
export const objectMetaSchema = object(
  {
    name: optional(string('Name, unique among its kind within the namespace.')),
    generateName: optional(string('Prefix from which the server makes a unique name.')),
    namespace: optional(string('The tenant that the object belongs to.')),
    uid: optional(string('Identity of this very object, in time and space.')),
    resourceVersion: optional(
      string('Version of the object; grows with every change of any object.'),
    ),
    generation: optional(integer('Grows with every change of the spec.')),
    creationTimestamp: optional(timestamp("When the object was made, by the server's clock.")),
    deletionTimestamp: optional(
      timestamp('When deletion was asked for; set while finalizers remain.'),
    ),
    deletionGracePeriodSeconds: optional(integer('Seconds allowed for a graceful end.')),
    labels: optional(map(string('Value.'), 'Keys and values to select objects by.')),
    annotations: optional(map(string('Value.'), 'Keys and values for tools and people.')),
    finalizers: optional(
      list(string('Name of a finalizer.'), 'Who must do something before the object is removed.'),
    ),
    ownerReferences: optional(
      listByKey(ownerReferenceSchema, 'uid', 'Objects that this one depends on.'),
    ),
    managedFields: optional(list(anyObject("One manager's fields."), 'Who set which field.')),
    selfLink: optional(string('No longer set.')),
  },
  'Standard object metadata.',
)

export type ObjectMeta = Infer<typeof objectMetaSchema> & { name: string }

/** Metadata as the server returns it: everything that the server sets is there. */
export type StoredMeta = ObjectMeta & {
  uid: string
  resourceVersion: string
  generation: number
  creationTimestamp: string
}

/** Any object of the API, as sent or as stored. */
export type KubeObject = {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  [field: string]: unknown
}

/** An object as the server returns it. */
export type StoredObject = KubeObject & { metadata: StoredMeta }

/** Kubernetes' `meta/v1.Condition`. */
export const conditionSchema = object(
  {
    type: string('What is said, in CamelCase.'),
    status: oneOf(['True', 'False', 'Unknown'], 'Whether it holds.'),
    reason: string('Why, as one CamelCase word for programs.'),
    message: string('Why, as a sentence for people.'),
    lastTransitionTime: timestamp('When status last changed.'),
    observedGeneration: optional(integer('The generation that this was said of.')),
  },
  "One observation of the object's state.",
)
export type Condition = Infer<typeof conditionSchema>

export const conditionsSchema = optional(
  listByKey(conditionSchema, 'type', "Observations of the object's state."),
)

/** Names an object of a known kind. */
export type ObjectKey = { readonly namespace?: string | undefined; readonly name: string }
