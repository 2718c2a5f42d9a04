import { join } from 'node:path'
import { makeDirectory } from '@skerry/artifact/make-directory'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import { pem } from './encrypt-private-key.ts'
import { type EnrolmentRequest, enrolmentOf } from './enrolment.ts'
import { secureBootKeys } from './key-files.ts'
import { readPublicKeys } from './open-keys.ts'

/** Whose signatures on images count, as devices read it. */
export const trustedImageKeysFile = 'trusted-image-keys.json'

/**
 * Writes what others need of the keys: certificates (PEM and DER), signed updates of the firmware's
 * variables, and whose signatures on images count. Answers with the names of the files.
 */
export async function exportKeys(
  directory: string,
  outDirectory: string,
  request: EnrolmentRequest,
): Promise<string[]> {
  const keys = await readPublicKeys(directory)
  const enrolment = await enrolmentOf(directory, request)
  const files: Record<string, Uint8Array | string> = {
    [trustedImageKeysFile]: `${JSON.stringify([keys.imageKey], null, 2)}\n`,
  }
  for (const name of secureBootKeys) {
    files[`${name}.crt`] = pem('CERTIFICATE', keys.certificates[name].raw)
    files[`${name}.der`] = keys.certificates[name].raw
    files[`${name}.auth`] = enrolment[name]
  }
  await tellStorageErrors(outDirectory, async () => {
    makeDirectory(outDirectory)
    for (const [name, content] of Object.entries(files))
      await writeFileAtomic(join(outDirectory, name), content)
  })
  return Object.keys(files).toSorted()
}
