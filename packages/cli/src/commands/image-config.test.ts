import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { CommandError } from '../exit-code.ts'
import { checkImageConfig } from './image-config.ts'

async function schematicWith(config: string): Promise<{ file: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'skerry-'))
  const indented = config.replaceAll(/^/gm, '      ')
  const file = join(directory, 'image.yaml')
  await writeFile(
    file,
    `name: till\nversion: 1.0.0\nbase:\n  busybox: true\nkernel: cloud\ncloudConfig:\n  - content: |\n${indented}\n`,
  )
  return {
    file,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

test('an image with a cloud-config that is well is built', async () => {
  await using image = await schematicWith('#cloud-config\nhostname: till')
  await checkImageConfig(image.file)
})

test('an error in the cloud-config of an image ends the build before it begins', async () => {
  await using image = await schematicWith('#cloud-config\nhostname: [not, a, name]')
  await assert.rejects(checkImageConfig(image.file), (error: unknown) => {
    assert.ok(error instanceof CommandError)
    assert.match(error.message, /has an error: correct it/)
    return true
  })
})
