import { toTimestamp } from '@skerry/base/clock'
import type { Clock } from '@skerry/base/clock'
import type { User } from '../api-server/authorization.ts'
import type { VirtualHandler } from '../api-server/extension.ts'

/** Tells whoever asks who they are: `kubectl auth whoami`. */
export function createSelfSubjectReview(clock: Pick<Clock, 'now'>): VirtualHandler {
  return {
    create: async ({ object, user }) => ({
      kind: object.kind,
      apiVersion: object.apiVersion,
      metadata: { creationTimestamp: toTimestamp(clock.now()) } as never,
      status: { userInfo: userInfoOf(user) },
    }),
  }
}

/** `authentication.k8s.io/v1.UserInfo`, which leaves out what is empty. */
export function userInfoOf({ name, uid = '', groups, extra = {} }: User): object {
  return {
    username: name,
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
