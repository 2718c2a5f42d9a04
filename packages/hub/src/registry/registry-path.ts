import { type Digest, isDigest } from '@skerry/base/digest'
import { repositoryCharactersMax } from './limits.ts'

/** What a path below `/v2/` means. */
export type RegistryPath =
  | { readonly kind: 'Root' }
  | { readonly kind: 'Blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'Uploads'; readonly repository: string }
  | { readonly kind: 'Upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'Manifest'; readonly repository: string; readonly reference: Reference }
  | { readonly kind: 'Tags'; readonly repository: string }
  | {
      readonly kind: 'Wrong'
      readonly code: 'NAME_INVALID' | 'DIGEST_INVALID' | 'UNSUPPORTED'
      readonly message: string
    }

export type Reference =
  | { readonly kind: 'Tag'; readonly tag: string }
  | { readonly kind: 'Digest'; readonly digest: Digest }

const part = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const idPattern = /^[0-9a-f-]{36}$/

/** A name that the distribution specification allows: no upper case, no empty part, no way up. */
export function isRepositoryName(name: string): boolean {
  return (
    name.length <= repositoryCharactersMax && name.split('/').every((segment) => part.test(segment))
  )
}

/** Parses the path of a URL. Escapes are not decoded: no good name has any. */
export function parseRegistryPath(path: string): RegistryPath {
  if (path === '/v2' || path === '/v2/') return { kind: 'Root' }
  const wrong = (code: 'NAME_INVALID' | 'DIGEST_INVALID' | 'UNSUPPORTED', message: string) =>
    ({ kind: 'Wrong', code, message }) as const
  const match =
    /^\/v2\/(?<name>.+)\/(?:(?<uploads>blobs\/uploads\/?)|blobs\/uploads\/(?<id>[^/]+)|blobs\/(?<digest>[^/]+)|manifests\/(?<reference>[^/]+)|(?<tags>tags\/list))$/.exec(
      path,
    )?.groups
  if (match === undefined) return wrong('UNSUPPORTED', 'The registry has nothing at this path.')
  const repository = match['name']!
  if (!isRepositoryName(repository))
    return wrong(
      'NAME_INVALID',
      `The repository must be lower-case letters, digits and . _ - in parts joined by /, at most ${repositoryCharactersMax} characters.`,
    )
  if (match['uploads'] !== undefined) return { kind: 'Uploads', repository }
  if (match['tags'] !== undefined) return { kind: 'Tags', repository }
  if (match['id'] !== undefined)
    return { kind: 'Upload', repository, id: idPattern.test(match['id']) ? match['id'] : '' }
  if (match['digest'] !== undefined)
    return isDigest(match['digest'])
      ? { kind: 'Blob', repository, digest: match['digest'] }
      : wrong('DIGEST_INVALID', 'A digest is sha256: and 64 lower-case hexadecimal digits.')
  const reference = parseReference(match['reference']!)
  return reference === undefined
    ? wrong('NAME_INVALID', 'A manifest is named by a tag or by a digest sha256:HEX.')
    : { kind: 'Manifest', repository, reference }
}

export function parseReference(text: string): Reference | undefined {
  if (isDigest(text)) return { kind: 'Digest', digest: text }
  return tagPattern.test(text) ? { kind: 'Tag', tag: text } : undefined
}
