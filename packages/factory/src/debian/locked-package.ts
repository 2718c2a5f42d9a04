/** One package as a lock pins it. */
export type LockedPackage = {
  readonly name: string
  readonly version: string
  /** As Debian calls it: `amd64`, `arm64`, `all`. */
  readonly architecture: string
  /** 64 hexadecimal digits. */
  readonly sha256: string
  readonly sizeBytes: number
  /** Where it lies in the archive, such as `pool/main/b/bash/bash_5.2.37-2_amd64.deb`. */
  readonly file: string
  /** Which says in which archive: security has its own. */
  readonly suite: string
}
