import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { digestOf } from '@skerry/artifact/digest-of'
import { type OsArtifact, buildOsArtifact } from '@skerry/artifact/os-artifact'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { describeTools } from '../debian/describe-tools.ts'
import { openImageKey, openSigner } from '../keys/open-keys.ts'
import { signEfi } from '../pe/sign-efi.ts'
import { uniquePackages } from '../sbom/root-packages.ts'
import { spdxDocument } from '../sbom/spdx-document.ts'
import type { BuildContext } from './build-context.ts'
import { BuildError } from './build-error.ts'
import type { BuiltKernel } from './kernel-step.ts'
import { neededSets } from './needed-sets.ts'
import { programPackages } from './program-packages.ts'
import { signProvenance } from './provenance.ts'
import type { BuiltRoot } from './root-step.ts'
import { writeLayout } from './write-layout.ts'

export type SignInputs = {
  readonly root: BuiltRoot
  readonly kernel: BuiltKernel
  readonly kernelVersion: string
  readonly schematicId: Digest
  readonly base: { readonly name: string; readonly digest: Digest }
  /** Of the agent with all that it brings. */
  readonly program: Digest
  readonly keys: { readonly directory: string; readonly passphrase: string }
  readonly out: string
}

export type SignedImage = {
  readonly artifact: OsArtifact
  readonly description: OsImageDescription
  /** The signed kernel image in the layout. */
  readonly kernelFile: string
}

/** Signs the kernel image and the description, and writes the update artifact as an OCI layout. */
export async function signImage(context: BuildContext, inputs: SignInputs): Promise<SignedImage> {
  const { root, kernel, out } = inputs
  const { schematic } = context.schematic
  const { directory, passphrase } = inputs.keys
  const signer = await openSigner(directory, 'db', passphrase)
  const imageKey = await openImageKey(directory, passphrase)
  const signed = signEfi(await readFile(kernel.unsigned), signer)
  if (!signed.ok) throw new BuildError(`The kernel image cannot be signed: it ${signed.message}.`)
  const { facts } = root
  const description: OsImageDescription = {
    schematic: inputs.schematicId,
    imageId: kernel.imageId,
    version: schematic.version,
    architecture: 'x64',
    rootHash: facts.rootHash,
    root: { digest: facts.digest, sizeBytes: facts.sizeBytes },
    kernel: { digest: digestOf(signed.bytes), sizeBytes: signed.bytes.length },
    kernelVersion: inputs.kernelVersion,
    slotBytes: facts.slotBytes,
    ...(facts.distribution === undefined ? {} : { distribution: facts.distribution }),
  }
  const subject = {
    name: schematic.name,
    version: schematic.version,
    digest: facts.digest,
    architecture: 'amd64',
  }
  const packages = uniquePackages([...facts.packages, ...programPackages(schematic, context.lock)])
  const sbom = Buffer.from(canonicalJson(spdxDocument(subject, packages)))
  const provenance = Buffer.from(
    canonicalJson(signProvenance(provenanceFacts(context, inputs, description, sbom), imageKey)),
  )
  const artifact = buildOsArtifact(
    description,
    {
      sbom: { digest: digestOf(sbom), sizeBytes: sbom.length },
      provenance: { digest: digestOf(provenance), sizeBytes: provenance.length },
    },
    imageKey,
  )
  const bytesOf = (bytes: Uint8Array) => ({ digest: digestOf(bytes), source: { bytes } })
  await tellStorageErrors(out, () =>
    writeLayout(
      out,
      {
        bytes: artifact.manifest,
        digest: artifact.manifestDigest,
        name: `${schematic.name}-${schematic.version}`,
      },
      [
        { digest: facts.digest, source: { file: root.erofs } },
        ...[signed.bytes, sbom, provenance, artifact.config].map(bytesOf),
      ],
    ),
  )
  const kernelFile = join(out, 'blobs', ...description.kernel.digest.split(':'))
  return { artifact, description, kernelFile }
}

function provenanceFacts(
  context: BuildContext,
  inputs: SignInputs,
  description: OsImageDescription,
  sbom: Uint8Array,
) {
  const { schematic } = context.schematic
  const { kernel, root } = neededSets(schematic)
  const sets = ['tools', 'initrd', kernel, ...(root === undefined ? [] : [root])]
  const tools = describeTools(context.lock, sets)
  return {
    subjects: {
      'root.erofs': description.root.digest,
      'kernel.efi': description.kernel.digest,
      'sbom.spdx.json': digestOf(sbom),
    },
    schematic: { id: inputs.schematicId, name: schematic.name, version: schematic.version },
    materials: [
      { name: `base: ${inputs.base.name}`, digest: inputs.base.digest },
      { name: 'schematic', digest: context.schematic.contentDigest },
      { name: 'agent', digest: inputs.program },
      { name: 'initrd', digest: inputs.kernel.initrdDigest },
      ...tools.map(({ set, digest }) => ({ name: `packages: ${set}`, digest })),
    ],
    tools: Object.assign({}, ...tools.map(({ versions }) => versions)) as Record<string, string>,
  }
}
