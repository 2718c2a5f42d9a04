import type { Digest } from '@skerry/base/digest'
import type { SoftwarePackage } from './software-package.ts'

export type SbomSubject = {
  readonly name: string
  readonly version: string
  /** Of the file system. */
  readonly digest: Digest
  readonly architecture: string
}

/** An SPDX 2.3 document of what is in an image. Holds no time and no chance: equal images, equal bytes. */
export function spdxDocument(subject: SbomSubject, packages: readonly SoftwarePackage[]): unknown {
  const digest = subject.digest.slice('sha256:'.length)
  const image = {
    SPDXID: 'SPDXRef-image',
    name: subject.name,
    versionInfo: subject.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    primaryPackagePurpose: 'OPERATING-SYSTEM',
    checksums: [{ algorithm: 'SHA256', checksumValue: digest }],
  }
  const parts = packages.map((each, index) => ({
    SPDXID: `SPDXRef-package-${index + 1}`,
    name: each.name,
    versionInfo: each.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    ...(each.license === undefined ? {} : { licenseComments: each.license }),
    ...(each.source === undefined ? {} : { sourceInfo: `built from ${each.source}` }),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: packageUrl(each),
      },
    ],
  }))
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${subject.name}-${subject.version}`,
    documentNamespace: `https://skerry.dev/spdx/${digest}`,
    creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: skerry'] },
    packages: [image, ...parts],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relationshipType: 'DESCRIBES',
        relatedSpdxElement: image.SPDXID,
      },
      ...parts.map(({ SPDXID }) => ({
        spdxElementId: image.SPDXID,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  }
}

/** `pkg:deb/debian/bash@5.2?arch=amd64` */
export function packageUrl(each: SoftwarePackage): string {
  const { type, vendor, name, version, architecture } = each
  const path = [...(vendor === undefined ? [] : [vendor]), name].map(encodeURIComponent).join('/')
  const query = architecture === undefined ? '' : `?arch=${encodeURIComponent(architecture)}`
  return `pkg:${type}/${path}@${encodeURIComponent(version)}${query}`
}
