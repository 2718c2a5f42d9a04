import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import type { Log } from '@skerry/base/log'
import type { BlobStore } from '@skerry/artifact/blob-store'
import { StorageError } from '@skerry/artifact/storage-error'
import { answerBlob, finish } from './blob-endpoints.ts'
import type { HttpAnswer, HttpRequest, HttpResponse } from '../http-message.ts'
import { answerManifest, answerTags } from './manifest-endpoints.ts'
import { ociError } from './oci-error.ts'
import type {
  AuthorizeRegistry,
  Exchange,
  RegistryAction,
  RegistryContext,
} from './registry-context.ts'
import { type RegistryPath, parseRegistryPath } from './registry-path.ts'
import { createRepositoryStore } from './repository-store.ts'
import { answerUpload, answerUploads } from './upload-endpoints.ts'

export type RegistryOptions = {
  readonly blobs: BlobStore
  /** Where manifests and tags are kept. */
  readonly dir: string
  readonly authorize: AuthorizeRegistry
  readonly log: Log
}

/** Answers everything below `/v2/` (OCI distribution specification 1.1). Never rejects. */
export type Registry = (request: HttpRequest, response: HttpResponse) => Promise<void>

export function createRegistry(options: RegistryOptions): Registry {
  const { blobs, authorize, log } = options
  const repositories = createRepositoryStore(join(options.dir, 'repositories'))
  const context: RegistryContext = { blobs, repositories, authorize }
  return async (request, response) => {
    const { method = 'GET', url = '/' } = request
    // Taken apart by hand: a URL parser would resolve `..` before anybody sees it.
    const [path = '', search = ''] = url.split('?', 2)
    const exchange: Exchange = { request, response, method, query: new URLSearchParams(search) }
    response.setHeader('docker-distribution-api-version', 'registry/2.0')
    try {
      finish(exchange, await answer(context, exchange, parseRegistryPath(path)))
    } catch (thrown) {
      const error = toError(thrown)
      if (response.headersSent || request.destroyed || response.destroyed) {
        // The other side is gone or half an answer is out: ending the connection is all that is left.
        log.info('A transfer ended early.', { method, path, error: error.message })
        response.destroy()
        return
      }
      log.error('The registry failed.', { method, path, error: error.message })
      finish(exchange, failure(error))
    }
  }
}

function failure(error: Error): HttpAnswer {
  if (!(error instanceof StorageError))
    return ociError('UNKNOWN', 'The registry failed: see its log.')
  return ociError(error.reason === 'DiskFull' ? 'STORAGE_FULL' : 'UNKNOWN', error.message)
}

async function answer(
  context: RegistryContext,
  exchange: Exchange,
  path: RegistryPath,
): Promise<HttpAnswer | undefined> {
  if (path.kind === 'Wrong') return ociError(path.code, path.message)
  const action = actionOf(path.kind, exchange.method)
  if (action === undefined)
    return ociError('UNSUPPORTED', `${exchange.method} is not known at this path.`)
  const repository = path.kind === 'Root' ? '' : path.repository
  const access = await context.authorize(exchange.request, action, repository)
  if (access === 'Unknown')
    return ociError('UNAUTHORIZED', 'Show a token: Authorization: Bearer TOKEN.', {
      'www-authenticate': 'Basic realm="skerry"',
    })
  if (access === 'Denied') return ociError('DENIED', `You may not ${action} ${repository}.`)
  switch (path.kind) {
    case 'Root':
      return { code: 200, headers: { 'content-type': 'application/json' }, body: '{}' }
    case 'Blob':
      return answerBlob(context, exchange, path)
    case 'Uploads':
      return answerUploads(context, exchange, path.repository)
    case 'Upload':
      return answerUpload(context, exchange, path)
    case 'Manifest':
      return answerManifest(context, exchange, path)
    case 'Tags':
      return answerTags(context, exchange, path.repository)
  }
}

type Endpoint = Exclude<RegistryPath['kind'], 'Wrong'>

const reading = { GET: 'pull', HEAD: 'pull' } as const
const actions: Readonly<Record<Endpoint, Readonly<Record<string, RegistryAction>>>> = {
  Root: reading,
  Tags: reading,
  Blob: { ...reading, DELETE: 'delete' },
  Manifest: { ...reading, PUT: 'push', DELETE: 'delete' },
  Uploads: { POST: 'push' },
  Upload: { GET: 'push', PATCH: 'push', PUT: 'push', DELETE: 'push' },
}

function actionOf(kind: Endpoint, method: string): RegistryAction | undefined {
  return Object.hasOwn(actions[kind], method) ? actions[kind][method] : undefined
}
