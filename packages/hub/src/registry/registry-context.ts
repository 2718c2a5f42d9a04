import type { BlobStore } from '@skerry/artifact/blob-store'
import type { HttpRequest, HttpResponse } from '../http-message.ts'
import type { RepositoryStore } from './repository-store.ts'

export type RegistryAction = 'pull' | 'push' | 'delete'

/** Whether the sender of a request may do this; `Unknown`: it showed nothing that counts. */
export type AuthorizeRegistry = (
  request: HttpRequest,
  action: RegistryAction,
  /** Empty for the root. */
  repository: string,
) => Promise<'Allowed' | 'Denied' | 'Unknown'>

/** What every endpoint of the registry works with. */
export type RegistryContext = {
  readonly blobs: BlobStore
  readonly repositories: RepositoryStore
  readonly authorize: AuthorizeRegistry
}

/** One request, with its path taken apart. */
export type Exchange = {
  readonly request: HttpRequest
  readonly response: HttpResponse
  readonly method: string
  readonly query: URLSearchParams
}
