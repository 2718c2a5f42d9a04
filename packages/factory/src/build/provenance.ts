import type { Envelope } from '@skerry/api/envelope'
import { type SigningKey, signEnvelope } from '@skerry/artifact/dsse'
import { canonicalJson } from '@skerry/base/json'
import { osProvenanceLayerType } from '@skerry/api/os/os-image-description'

export type ProvenanceFacts = {
  /** The files that came of it, by name. */
  readonly subjects: Readonly<Record<string, string>>
  readonly schematic: { readonly id: string; readonly name: string; readonly version: string }
  /** What went in, each with its digest. */
  readonly materials: readonly { readonly name: string; readonly digest: string }[]
  /** Versions of the tools, by package. */
  readonly tools: Readonly<Record<string, string>>
}

/** Where an image came from: an in-toto statement with SLSA's predicate, signed. Holds no time. */
export function signProvenance(facts: ProvenanceFacts, key: SigningKey): Envelope {
  const digestSet = (digest: string) => ({ sha256: digest.replace(/^sha256:/, '') })
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: Object.entries(facts.subjects).map(([name, digest]) => ({
      name,
      digest: digestSet(digest),
    })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://skerry.dev/image-build/v1',
        externalParameters: { schematic: facts.schematic },
        internalParameters: { tools: facts.tools },
        resolvedDependencies: facts.materials.map(({ name, digest }) => ({
          name,
          digest: digestSet(digest),
        })),
      },
      runDetails: { builder: { id: 'https://skerry.dev/factory' } },
    },
  }
  return signEnvelope(osProvenanceLayerType, Buffer.from(canonicalJson(statement)), key)
}
