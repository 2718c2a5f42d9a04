import { type AnyKind, apiVersionOf } from './kind.ts'
import { selfSubjectReviewKind, tokenReviewKind } from './kinds/authentication.ts'
import { certificateSigningRequestKind } from './kinds/certificate-signing-request.ts'
import {
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
} from './kinds/access-review.ts'
import {
  configMapKind,
  eventKind,
  leaseKind,
  namespaceKind,
  secretKind,
  serviceKind,
} from './kinds/core.ts'
import { newEventKind } from './kinds/new-event.ts'
import { customResourceDefinitionKind } from './kinds/custom-resource-definition.ts'
import { deviceKind } from './kinds/device.ts'
import { enrollmentRequestKind, joinTokenKind } from './kinds/enrolment.ts'
import { fleetKind } from './kinds/fleet.ts'
import { modelKind, modelVersionKind } from './kinds/model.ts'
import { osImageKind } from './kinds/os-image.ts'
import { profileKind, profileRevisionKind } from './kinds/profile.ts'
import { clusterRoleBindingKind, clusterRoleKind, roleBindingKind, roleKind } from './kinds/rbac.ts'
import { rolloutKind } from './kinds/rollout.ts'
import { serviceAccountKind } from './kinds/service-account.ts'
import { siteKind } from './kinds/site.ts'

/** Every kind of the hub. A kind that is not here does not exist. */
export const kinds: readonly AnyKind[] = [
  namespaceKind,
  secretKind,
  configMapKind,
  eventKind,
  newEventKind,
  serviceKind,
  leaseKind,
  serviceAccountKind,
  selfSubjectReviewKind,
  tokenReviewKind,
  certificateSigningRequestKind,
  roleKind,
  clusterRoleKind,
  roleBindingKind,
  clusterRoleBindingKind,
  subjectAccessReviewKind,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  siteKind,
  deviceKind,
  profileKind,
  profileRevisionKind,
  fleetKind,
  rolloutKind,
  joinTokenKind,
  enrollmentRequestKind,
  modelKind,
  modelVersionKind,
  osImageKind,
  customResourceDefinitionKind,
]

const byKind = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]))

/** The kind of an object by what it says of itself. */
export function kindOfObject(object: { apiVersion: string; kind: string }): AnyKind | undefined {
  return byKind.get(`${object.apiVersion}/${object.kind}`)
}
