import { digestOf } from '@skerry/artifact/digest-of'
import { manifestBytesMax } from '@skerry/artifact/limits'
import { type ImageManifest, imageManifestType, parseManifest } from '@skerry/artifact/oci-manifest'
import { type HttpAnswer, readBody } from '../http-message.ts'
import { manifestBlobsMax, tagsPerPageMax } from './limits.ts'
import { ociError } from './oci-error.ts'
import type { Exchange, RegistryContext } from './registry-context.ts'
import type { Reference } from './registry-path.ts'

type Target = { readonly repository: string; readonly reference: Reference }

/** GET, HEAD, PUT and DELETE of a manifest. */
export async function answerManifest(
  context: RegistryContext,
  exchange: Exchange,
  target: Target,
): Promise<HttpAnswer> {
  if (exchange.method === 'PUT') return putManifest(context, exchange, target)
  const { blobs, repositories } = context
  const stored = await repositories.manifest(target.repository, target.reference)
  const bytes = stored && (await blobs.readWhole(stored.digest, manifestBytesMax))
  if (stored === undefined || bytes === undefined)
    return ociError('MANIFEST_UNKNOWN', `${target.repository} has no such manifest.`)
  if (exchange.method === 'DELETE') {
    await repositories.removeManifest(target.repository, target.reference)
    return { code: 202 }
  }
  const headers = {
    'content-type': stored.mediaType,
    'docker-content-digest': stored.digest,
    'content-length': bytes.length,
    etag: `"${stored.digest}"`,
  }
  return exchange.method === 'HEAD' ? { code: 200, headers } : { code: 200, headers, body: bytes }
}

async function putManifest(
  { blobs, repositories }: RegistryContext,
  { request }: Exchange,
  { repository, reference }: Target,
): Promise<HttpAnswer> {
  const mediaType = request.headers['content-type'] ?? ''
  if (mediaType !== imageManifestType)
    return ociError('MANIFEST_INVALID', `Content-Type must be ${imageManifestType}.`)
  const body = await readBody(request, manifestBytesMax)
  if (!body.ok) return ociError('SIZE_INVALID', body.message)
  const parsed = parseManifest(body.bytes)
  if (!parsed.ok) return ociError('MANIFEST_INVALID', `The manifest ${parsed.message}.`)
  const digest = digestOf(body.bytes)
  if (reference.kind === 'Digest' && reference.digest !== digest)
    return ociError('DIGEST_INVALID', `The manifest has the digest ${digest}.`)
  const missing = await missingBlobs({ blobs, repositories }, repository, parsed.manifest)
  if (missing !== undefined) return ociError('MANIFEST_BLOB_UNKNOWN', missing)
  const put = await blobs.put(body.bytes, digest)
  if (!put.ok) return ociError('DIGEST_INVALID', put.message)
  const tag = reference.kind === 'Tag' ? reference.tag : undefined
  await repositories.addManifest(repository, { digest, mediaType }, tag)
  return {
    code: 201,
    headers: { location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest },
  }
}

/** Why a manifest names something that is not here, or undefined. */
async function missingBlobs(
  { blobs, repositories }: Pick<RegistryContext, 'blobs' | 'repositories'>,
  repository: string,
  manifest: ImageManifest,
): Promise<string | undefined> {
  const named = [manifest.config, ...manifest.layers]
  if (named.length > manifestBlobsMax)
    return `The manifest names ${named.length} blobs where at most ${manifestBlobsMax} are allowed.`
  for (const { digest, size } of named) {
    const found = (await repositories.hasBlob(repository, digest))
      ? await blobs.stat(digest)
      : undefined
    if (found === undefined) return `${repository} has no blob ${digest}: push it first.`
    if (found.sizeBytes !== size)
      return `The blob ${digest} has ${found.sizeBytes} bytes and not ${size}.`
  }
  return undefined
}

/** GET tags/list, in pages by `n` and `last`. */
export async function answerTags(
  { repositories }: RegistryContext,
  { query }: Exchange,
  repository: string,
): Promise<HttpAnswer> {
  const all = await repositories.tags(repository)
  if (all === undefined) return ociError('NAME_UNKNOWN', `There is no repository ${repository}.`)
  const last = query.get('last')
  const asked = Number(query.get('n') ?? tagsPerPageMax)
  const count =
    Number.isInteger(asked) && asked >= 0 ? Math.min(asked, tagsPerPageMax) : tagsPerPageMax
  const rest = last === null ? all : all.filter((tag) => tag > last)
  const tags = rest.slice(0, count)
  const next =
    rest.length > count && count > 0
      ? { link: `</v2/${repository}/tags/list?n=${count}&last=${tags.at(-1)}>; rel="next"` }
      : {}
  return {
    code: 200,
    headers: { 'content-type': 'application/json', ...next },
    body: JSON.stringify({ name: repository, tags }),
  }
}
