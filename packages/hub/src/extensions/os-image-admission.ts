import { type OSImage, osImageKind } from '@skerry/api/kinds/os-image'
import { osImagePayloadType } from '@skerry/api/os/os-image-description'
import type { Problem } from '@skerry/api/problem'
import { invalid } from '@skerry/api/status'
import { equalJson } from '@skerry/base/json'
import { parseEnvelope } from '@skerry/artifact/dsse'
import { envelopePayloadBytesMax } from '@skerry/artifact/limits'
import type { Admit } from '../api-server/extension.ts'

export type OsImageAdmissionOptions = {
  /** Size of a blob in the registry, or undefined. */
  readonly sizeOf: (digest: string) => Promise<number | undefined>
  /** A blob of at most so many bytes, or undefined. */
  readonly read: (digest: string, bytesMax: number) => Promise<Uint8Array | undefined>
}

/**
 * The door for OS images: every file that it names must be in the registry, and the object must say what
 * its signed description says. Whether the signature counts is for the device to say: it alone knows
 * whom it trusts, and a hub that somebody took over must not be able to say it for it.
 */
export function createOsImageAdmission(options: OsImageAdmissionOptions): Admit {
  return async (operation, object) => {
    if (operation !== 'create') return object
    const image = object as OSImage
    const problems = await fileProblems(options, image)
    if (problems.length === 0) problems.push(...(await envelopeProblems(options, image)))
    if (problems.length > 0) throw invalid(osImageKind, image.metadata.name, problems)
    return object
  }
}

async function fileProblems(
  { sizeOf }: OsImageAdmissionOptions,
  { spec }: OSImage,
): Promise<Problem[]> {
  const files = {
    'spec.envelope': spec.envelope,
    'spec.description.root': spec.description.root,
    'spec.description.kernel': spec.description.kernel,
  }
  const problems: Problem[] = []
  for (const [path, { digest, sizeBytes }] of Object.entries(files)) {
    const found = await sizeOf(digest)
    if (found === undefined)
      problems.push({
        path: `${path}.digest`,
        type: 'Invalid',
        value: digest,
        message: 'is not in the registry: push the files first, as "skerry image push" does',
      })
    else if (found !== sizeBytes)
      problems.push({
        path: `${path}.sizeBytes`,
        type: 'Invalid',
        value: sizeBytes,
        message: `the file in the registry has ${found} bytes`,
      })
  }
  return problems
}

async function envelopeProblems(
  { read }: OsImageAdmissionOptions,
  { spec }: OSImage,
): Promise<Problem[]> {
  const bytes = await read(spec.envelope.digest, envelopePayloadBytesMax * 2)
  const signed = bytes === undefined ? undefined : describedBy(bytes)
  const problem = (path: string, value: unknown, message: string): Problem[] => [
    { path, type: 'Invalid', value, message },
  ]
  if (signed === undefined)
    return problem(
      'spec.envelope.digest',
      spec.envelope.digest,
      `is no DSSE envelope with a payload of type ${osImagePayloadType}`,
    )
  if (!signed.keyids.includes(spec.keyid))
    return problem('spec.keyid', spec.keyid, 'did not sign the description')
  if (!equalJson(signed.description, spec.description))
    return problem(
      'spec.description',
      spec.description.version,
      'is not what the signed description says: push the image again',
    )
  return []
}

function describedBy(
  bytes: Uint8Array,
): { readonly keyids: readonly string[]; readonly description: unknown } | undefined {
  try {
    const envelope = parseEnvelope(JSON.parse(new TextDecoder().decode(bytes)))
    if (envelope?.payloadType !== osImagePayloadType) return undefined
    const description: unknown = JSON.parse(new TextDecoder().decode(envelope.payload))
    return { keyids: envelope.signatures.map(({ keyid }) => keyid), description }
  } catch {
    return undefined
  }
}
