import { createHash } from 'node:crypto'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { digestOfFile } from './esp-acts.ts'
import { copyName, imagesDirectory, keepKnownImage } from './known-image.ts'
import type { DataPlace } from './os-host.ts'
import type { InstallRequest } from './os-machine.ts'
import { readSource } from './read-source.ts'
import { Refused } from './refused.ts'
import { makeDirectories } from './whole-file.ts'

/**
 * Brings the kernel into data before anything on the machine is touched; the copy stays, so that an ESP
 * that lost a name can be rebuilt.
 */
export async function fetchKernel(
  place: DataPlace,
  request: InstallRequest,
  description: OsImageDescription,
  signal: AbortSignal,
): Promise<void> {
  const { imageId, version, kernel, root } = description
  const directory = imagesDirectory(place)
  await makeDirectories(place.files, directory)
  const path = `${directory}/${copyName(imageId)}`
  const entries = await place.files.list(directory)
  const copy = entries.find(({ name }) => name === copyName(imageId))
  const isThere =
    copy?.sizeBytes === kernel.sizeBytes &&
    (await digestOfFile(place.files, path)) === kernel.digest
  if (!isThere) await streamKernel(place, path, request, { description, signal })
  await keepKnownImage(place, {
    imageId,
    version,
    kernel,
    description,
    digest: request.digest,
    rootBytes: root.sizeBytes,
  })
}

async function streamKernel(
  place: DataPlace,
  path: string,
  { source }: InstallRequest,
  job: { readonly description: OsImageDescription; readonly signal: AbortSignal },
): Promise<void> {
  const { digest, sizeBytes } = job.description.kernel
  const temporary = `${path}.new`
  const hash = createHash('sha256')
  let doneBytes = 0
  {
    await using file = await place.files.open(temporary, 'create')
    for await (const chunk of readSource(source, digest, 0, job.signal)) {
      if (doneBytes + chunk.length > sizeBytes)
        throw new Refused(
          'Digest',
          `${source.name} gives more than the ${sizeBytes} bytes of ${digest}.`,
        )
      await file.write(doneBytes, chunk)
      hash.update(chunk)
      doneBytes += chunk.length
    }
    if (doneBytes < sizeBytes)
      throw new Refused(
        'Source',
        `${source.name} ended after ${doneBytes} of the ${sizeBytes} bytes of ${digest}.`,
      )
    await file.sync()
  }
  const found = `sha256:${hash.digest('hex')}`
  if (found !== digest)
    throw new Refused(
      'Digest',
      `The kernel of image ${job.description.version} has the digest ${found}, and ${digest} was signed: it was changed on its way.`,
    )
  await place.files.rename(temporary, path)
  await place.files.syncDirectory(path.slice(0, path.lastIndexOf('/')))
}
