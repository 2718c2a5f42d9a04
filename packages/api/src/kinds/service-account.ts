import { type ObjectOf, defineKind } from '../kind.ts'
import { boolean, list, listByKey, object, optional, string } from '../schema.ts'

const secretReference = {
  ...object(
    {
      kind: optional(string('Kind.')),
      namespace: optional(string('Namespace.')),
      name: optional(string('Name.')),
      uid: optional(string('UID.')),
      apiVersion: optional(string('API version.')),
      resourceVersion: optional(string('Version.')),
      fieldPath: optional(string('Part of the object.')),
    },
    'A secret.',
  ),
  // Set as a whole, as Kubernetes has it.
  'x-kubernetes-map-type': 'atomic',
} as const

/** A name under which programs act. Its tokens are asked for (`kubectl create token`), not kept. */
export const serviceAccountKind = defineKind({
  group: '',
  version: 'v1',
  categories: [],
  hasStatus: false,
  isBuiltIn: true,
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  description: 'A name under which programs act.',
  schema: object(
    {
      secrets: optional(listByKey(secretReference, 'name', 'Secrets that it may use.')),
      imagePullSecrets: optional(
        list(
          object({ name: optional(string('Name.')) }, 'A secret of the same namespace.'),
          'Secrets to pull images with.',
        ),
      ),
      automountServiceAccountToken: optional(boolean('Whether pods get a token of it.')),
    },
    'A service account.',
  ),
  columns: [
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  subresources: ['token'],
})
export type ServiceAccount = ObjectOf<typeof serviceAccountKind>

/** Secrets of this type hold a token without an end, made by the hub. */
export const serviceAccountTokenType = 'kubernetes.io/service-account-token'
export const serviceAccountNameAnnotation = 'kubernetes.io/service-account.name'
export const serviceAccountUidAnnotation = 'kubernetes.io/service-account.uid'
