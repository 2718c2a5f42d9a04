import {
  type OsImageDescription,
  osImageDescriptionSchema,
  osImagePayloadType,
} from '@skerry/api/os/os-image-description'
import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { validateSchema } from '@skerry/api/schema-validate'
import { verifyEnvelope } from '@skerry/artifact/dsse'
import { verityLayout } from '@skerry/artifact/verity-tree'
import { verityTreeDataBytesMax } from '@skerry/artifact/limits'
import { kernelBytesMax } from './limits.ts'
import type { InstallRequest } from './os-machine.ts'
import { Refused } from './refused.ts'

/** What a trusted key signed, if this machine can run it. Throws `Refused` before a byte is fetched. */
export function verifyDescription(
  request: Pick<InstallRequest, 'envelope' | 'trustedKeys' | 'digest'>,
  architecture: string,
): OsImageDescription {
  const { envelope, trustedKeys, digest } = request
  const verified = verifyEnvelope(envelope, trustedKeys, osImagePayloadType)
  if (!verified.ok)
    throw new Refused('Signature', `The description of image ${digest}: ${verified.message}`)
  const description = parseDescription(verified.payload)
  if (typeof description === 'string')
    throw new Refused(
      'Signature',
      `The description of image ${digest} is signed and does not hold: ${description}. Build the image anew.`,
    )
  const { root, kernel, slotBytes, version } = description
  if (description.architecture !== architecture)
    throw new Refused(
      'Architecture',
      `Image ${version} is for ${description.architecture}, and this machine is ${architecture}: name one that was built for it.`,
    )
  if (root.sizeBytes % verityBlockBytes !== 0 || root.sizeBytes > verityTreeDataBytesMax)
    throw new Refused(
      'Size',
      `The file system of image ${version} has ${root.sizeBytes} bytes; it must be a multiple of ${verityBlockBytes} and at most ${verityTreeDataBytesMax}.`,
    )
  const { totalBytes } = verityLayout(root.sizeBytes)
  if (slotBytes !== totalBytes)
    throw new Refused(
      'Size',
      `Image ${version} says that it needs ${slotBytes} bytes of a slot, and its file system with its tree has ${totalBytes}: build it anew.`,
    )
  if (kernel.sizeBytes > kernelBytesMax)
    throw new Refused(
      'Size',
      `The kernel of image ${version} has ${kernel.sizeBytes} bytes, more than ${kernelBytesMax}.`,
    )
  return description
}

function parseDescription(payload: Uint8Array): OsImageDescription | string {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    const [problem] = validateSchema(osImageDescriptionSchema, value, 'description')
    return problem === undefined ? (value as OsImageDescription) : problem.message
  } catch {
    return 'it is not JSON'
  }
}
