import type { ApiRequest, Attributes, User } from './authorization.ts'

/** Who a request acts for: the user itself, unless `Impersonate-*` headers say otherwise. Throws Forbidden or BadRequest. */
export type Impersonate = (
  user: User,
  request: ApiRequest,
  attributes: Attributes,
) => Promise<User> | User
