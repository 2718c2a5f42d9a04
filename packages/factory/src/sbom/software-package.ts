/** A package as the database of a root knows it. */
export type SoftwarePackage = {
  readonly name: string
  readonly version: string
  readonly architecture?: string | undefined
  /** The package that it was built from, where it has another name. */
  readonly source?: string | undefined
  readonly license?: string | undefined
  /** Which sort of package: the type of a package URL. */
  readonly type: 'deb' | 'apk' | 'rpm' | 'generic'
  /** Namespace of a package URL: the distribution. */
  readonly vendor?: string | undefined
}
