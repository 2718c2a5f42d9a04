import { linksFollowedMax, pathBytesMax, pathDepthMax } from './limits.ts'
import { RootError } from './root-error.ts'

/** Where the bytes of a file are. */
export type RootData =
  | { readonly bytes: Uint8Array }
  | { readonly file: string; readonly offset: number; readonly sizeBytes: number }

export type RootAttributes = {
  /** Permission bits, with set-user-id and its like. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Extended attributes by full name, such as `security.capability`. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>> | undefined
}

export type RootFile = RootAttributes & { readonly type: 'file'; readonly data: RootData }
export type RootDirectory = RootAttributes & { readonly type: 'directory' }
export type RootLink = RootAttributes & { readonly type: 'symlink'; readonly target: string }

/** Entries are never changed, only replaced; two paths with the same object are hard links. */
export type RootEntry = RootFile | RootDirectory | RootLink

export function sizeOfData(data: RootData): number {
  return 'bytes' in data ? data.bytes.length : data.sizeBytes
}

/** The files of a root by path, without a slash at either end. */
export class RootTree {
  readonly #entries = new Map<string, RootEntry>()
  /** Names in each directory, so that a directory is removed without a look at all others. */
  readonly #names = new Map<string, Set<string>>([['', new Set()]])

  get size(): number {
    return this.#entries.size
  }

  get(path: string): RootEntry | undefined {
    return path === '' ? rootDirectory : this.#entries.get(path)
  }

  file(path: string): RootFile | undefined {
    const entry = this.get(path)
    return entry?.type === 'file' ? entry : undefined
  }

  /** Names in a directory, sorted. */
  names(path: string): string[] {
    return [...(this.#names.get(path) ?? [])].toSorted(byBytes)
  }

  /** Every path below one, itself not, parents before their children. */
  *below(path: string): Generator<string> {
    for (const name of this.names(path)) {
      const child = join(path, name)
      yield child
      yield* this.below(child)
    }
  }

  /** Every entry, sorted so that parents come before their children. */
  *entries(): Generator<readonly [string, RootEntry]> {
    for (const path of this.below('')) yield [path, this.#entries.get(path)!]
  }

  /**
   * Puts an entry at its path, the parents of which are followed through links and made when missing. What
   * was there goes, except that a directory over a directory keeps what is in it. Gives the path it got.
   */
  put(path: string, entry: RootEntry): string {
    const slash = path.lastIndexOf('/')
    const parent = slash < 0 ? '' : this.makeDirectory(path.slice(0, slash))
    const name = path.slice(slash + 1)
    const at = join(parent, name)
    checkLength(at)
    if (entry.type !== 'directory' || this.get(at)?.type !== 'directory') this.remove(at)
    this.#entries.set(at, entry)
    this.#names.get(parent)!.add(name)
    if (entry.type === 'directory' && !this.#names.has(at)) this.#names.set(at, new Set())
    return at
  }

  /** The directory at a path, links followed; made with its parents when it is not there. */
  makeDirectory(path: string): string {
    const at = this.resolve(path)
    checkLength(at)
    const found = this.get(at)
    if (found?.type === 'directory') return at
    if (found !== undefined)
      throw new RootError(`/${at} is a ${found.type} where a directory is needed: mend the base.`)
    return this.put(at, { type: 'directory', mode: 0o755, uid: 0, gid: 0 })
  }

  /** Where a path leads when every link is followed, as the kernel would inside this root. */
  resolve(path: string): string {
    let at = ''
    const rest = path.split('/').toReversed()
    for (let links = 0; rest.length > 0;) {
      const name = rest.pop()!
      if (name === '' || name === '.') continue
      if (name === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
        continue
      }
      const next = join(at, name)
      const entry = this.#entries.get(next)
      if (entry?.type !== 'symlink') {
        at = next
        continue
      }
      if ((links += 1) > linksFollowedMax)
        throw new RootError(`/${path} leads through a circle of links: mend the base.`)
      if (entry.target.startsWith('/')) at = ''
      rest.push(...entry.target.split('/').toReversed())
    }
    return at
  }

  /** Removes a path and all below it; nothing when it is not there. */
  remove(path: string): void {
    if (!this.#entries.has(path)) return
    this.clear(path)
    this.#names.delete(path)
    this.#entries.delete(path)
    const slash = path.lastIndexOf('/')
    this.#names.get(path.slice(0, Math.max(0, slash)))!.delete(path.slice(slash + 1))
  }

  /** Removes all below a directory and keeps it. */
  clear(path: string): void {
    for (const child of [...this.below(path)].toReversed()) {
      this.#entries.delete(child)
      this.#names.delete(child)
    }
    this.#names.get(path)?.clear()
  }
}

/** Links to links make a path longer than any name in an archive. */
function checkLength(path: string): void {
  if (Buffer.byteLength(path) > pathBytesMax || path.split('/').length > pathDepthMax)
    throw new RootError(
      `/${path.slice(0, 100)}… is longer than a path may be, ${pathBytesMax} bytes and ${pathDepthMax} directories: mend the base.`,
    )
}

const rootDirectory: RootDirectory = { type: 'directory', mode: 0o755, uid: 0, gid: 0 }

const join = (parent: string, name: string) => (parent === '' ? name : `${parent}/${name}`)

/** The order of UTF-8 bytes, which is that of code points and not of UTF-16. */
export function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
