import { isDigest } from '@skerry/base/digest'
import type { UploadAnswer, UploadRefusal } from '@skerry/artifact/blob-uploads'
import { type HttpAnswer, bodyOf } from '../http-message.ts'
import { type OciErrorCode, ociError } from './oci-error.ts'
import type { Exchange, RegistryContext } from './registry-context.ts'
import { isRepositoryName } from './registry-path.ts'

const digestMissing = () =>
  ociError('DIGEST_INVALID', 'Give the digest of the blob as ?digest=sha256:HEX.')

/** POST: mounts a blob of another repository, takes a whole blob, or begins an upload in pieces. */
export async function answerUploads(
  context: RegistryContext,
  exchange: Exchange,
  repository: string,
): Promise<HttpAnswer> {
  const { query, request } = exchange
  const mounted = await mountBlob(context, exchange, repository)
  if (mounted !== undefined) return mounted
  const digest = query.get('digest')
  if (digest === null) return beginUpload(context, repository)
  if (!isDigest(digest)) return digestMissing()
  const put = await context.blobs.put(bodyOf(request), digest)
  if (!put.ok)
    return ociError(put.reason === 'TooLarge' ? 'SIZE_INVALID' : 'DIGEST_INVALID', put.message)
  await context.repositories.addBlob(repository, digest)
  return created(repository, digest)
}

async function mountBlob(
  { repositories, authorize }: RegistryContext,
  { query, request }: Exchange,
  repository: string,
): Promise<HttpAnswer | undefined> {
  const { mount: digest = '', from = '' } = Object.fromEntries(query)
  if (!isDigest(digest) || !isRepositoryName(from)) return undefined
  const isAllowed = (await authorize(request, 'pull', from)) === 'Allowed'
  if (!isAllowed || !(await repositories.hasBlob(from, digest))) return undefined
  await repositories.addBlob(repository, digest)
  return created(repository, digest)
}

async function beginUpload({ blobs }: RegistryContext, repository: string): Promise<HttpAnswer> {
  const id = await blobs.uploads.begin()
  return id === undefined
    ? ociError('TOOMANYREQUESTS', 'Too many uploads are under way: try again later.', {
        'retry-after': 30,
      })
    : progress(202, { repository, id, offset: 0 })
}

/** PATCH, PUT, GET and DELETE of an upload that was begun. */
export async function answerUpload(
  context: RegistryContext,
  exchange: Exchange,
  upload: { readonly repository: string; readonly id: string },
): Promise<HttpAnswer> {
  const { uploads } = context.blobs
  const { id } = upload
  switch (exchange.method) {
    case 'GET': {
      const offset = await uploads.offset(id)
      return offset === undefined
        ? refusal('UnknownUpload', upload, 0)
        : progress(204, { ...upload, offset })
    }
    case 'DELETE':
      return (await uploads.cancel(id)) ? { code: 204 } : refusal('UnknownUpload', upload, 0)
    case 'PATCH': {
      const appended = await append(context, exchange, id)
      if (appended === undefined)
        return ociError('BLOB_UPLOAD_INVALID', 'Content-Range must be START-END, both included.')
      return appended.ok
        ? progress(202, { ...upload, offset: appended.offset })
        : refusal(appended.reason, upload, appended.offset)
    }
    case 'PUT':
      return finishUpload(context, exchange, upload)
    default:
      return ociError('UNSUPPORTED', `An upload does not know ${exchange.method}.`)
  }
}

async function finishUpload(
  context: RegistryContext,
  exchange: Exchange,
  upload: { readonly repository: string; readonly id: string },
): Promise<HttpAnswer> {
  const digest = exchange.query.get('digest') ?? ''
  if (!isDigest(digest)) return digestMissing()
  const appended = await append(context, exchange, upload.id)
  if (appended === undefined)
    return ociError('BLOB_UPLOAD_INVALID', 'Content-Range must be START-END, both included.')
  if (!appended.ok) return refusal(appended.reason, upload, appended.offset)
  const finished = await context.blobs.uploads.finish(upload.id, digest)
  if (!finished.ok) return refusal(finished.reason, upload, finished.offset)
  await context.repositories.addBlob(upload.repository, digest)
  return created(upload.repository, digest)
}

/** Adds the body where Content-Range says, or at the end; undefined when the header is malformed. */
async function append(
  { blobs }: RegistryContext,
  { request }: Exchange,
  id: string,
): Promise<UploadAnswer | undefined> {
  const header = request.headers['content-range']
  const range = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/.*)?$/.exec(header ?? '')
  if (header !== undefined && range === null) return undefined
  const at = range === null ? undefined : Number(range[1])
  return blobs.uploads.append(id, at, bodyOf(request))
}

type UploadAt = { readonly repository: string; readonly id: string; readonly offset: number }

/** `Range: 0-0` says both no byte and one byte, so the count is told apart. */
const progress = (code: number, { repository, id, offset }: UploadAt): HttpAnswer => ({
  code,
  headers: {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, offset - 1)}`,
    'docker-upload-uuid': id,
    'x-skerry-upload-bytes': offset,
  },
})

const created = (repository: string, digest: string): HttpAnswer => ({
  code: 201,
  headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest },
})

const refusals: Readonly<Record<UploadRefusal, readonly [OciErrorCode, string]>> = {
  UnknownUpload: ['BLOB_UPLOAD_UNKNOWN', 'There is no such upload: begin a new one.'],
  WrongOffset: ['RANGE_INVALID', 'Pieces come in order: go on where Range says.'],
  Busy: ['UNAVAILABLE', 'Another request writes to this upload: wait for it to end.'],
  TooLarge: ['SIZE_INVALID', 'The blob is larger than this registry takes.'],
  WrongDigest: ['DIGEST_INVALID', 'The bytes do not have this digest: upload them again.'],
}

function refusal(
  reason: UploadRefusal,
  { repository, id }: { readonly repository: string; readonly id: string },
  offset: number,
): HttpAnswer {
  const [code, message] = refusals[reason]
  const { headers } = progress(0, { repository, id, offset })
  return ociError(code, message, reason === 'WrongOffset' ? headers : {})
}
