import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import type { SiteLayer } from '@skerry/api/site-spec'
import { type DeviceLink, LinkError } from '@skerry/client/device-link'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { createBus } from '../bus.ts'
import type { ConnectionState } from '../buses.ts'
import { bootFakeMachine, createFakeOsDisk, fakeImage } from '../testing/fake-image-machine.ts'
import { refusalsOfTheImage } from '@skerry/node-os/upgrade/os-machine'
import { installImage, isAgainstImage } from './install-image.ts'
import { imageEnvelopeBytesMax } from './limits.ts'

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const fileOf = (bytes: Uint8Array) => ({ digest: digestOf(bytes), sizeBytes: bytes.length })
const root = Buffer.from('root')
const envelopeOf = (payload: unknown) =>
  Buffer.from(
    JSON.stringify({
      payloadType: 'x',
      payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
      signatures: [],
    }),
  )
const good = envelopeOf({ ...fakeImage('v2'), root: fileOf(root) })

function layerOf(envelope: Uint8Array): SiteLayer {
  const { imageId, digest, version } = fakeImage('v2')
  const image = { image: 'depot', version, imageId, repository: 'os/depots/depot' }
  const health = { deadlineSeconds: 60, services: [], commands: [] }
  const files = { envelope: fileOf(envelope), root: fileOf(root), kernel: fileOf(root) }
  return { name: 'base', type: 'os', digest, attempt: 0, os: { ...image, ...files, health } }
}

type Served = Uint8Array | LinkError | 'no link'

async function install(envelope: Uint8Array, served: Served = envelope) {
  const machine = bootFakeMachine(createFakeOsDisk('v1'), createSteppedClock(0))
  const asked: string[] = []
  const link = {
    async *fetchBlob(repository: string, digest: string, offset: number) {
      asked.push(`${repository} ${offset}`)
      if (digest === digestOf(root)) {
        yield root
        return
      }
      if (served instanceof LinkError) throw served
      // In pieces, as a connection brings them.
      for (let at = 0; at < served.length; at += 1000)
        yield Buffer.from(served.slice(at, at + 1000))
    },
  } as unknown as DeviceLink
  const connection = createBus<ConnectionState>(
    served === 'no link'
      ? { phase: 'Disconnected', message: 'no route' }
      : { phase: 'Connected', link },
  )
  const onProgress = () => {}
  const { signal } = new AbortController()
  const result = await installImage({ machine, connection, onProgress }, layerOf(envelope), signal)
  return { result, machine, asked }
}

it('an image comes from the hub by its digests', async () => {
  const { result, machine, asked } = await install(good)
  assert.deepEqual([result.ok, machine.acts], [true, ['install 7632 from the hub']])
  assert.deepEqual([...new Set(asked)], ['os/depots/depot 0'])
})

it('what a source cannot give is held, what speaks against the image is not', async () => {
  const other = envelopeOf(fakeImage('v3'))
  const large = Buffer.alloc(imageEnvelopeBytesMax + 1)
  const lost = new LinkError('Lost', 'the stream broke')
  const cases: [string, Uint8Array, Served | undefined, string, RegExp][] = [
    ['no connection', good, 'no link', 'Source', /the hub cannot be reached: no route/],
    ['a lost connection', good, lost, 'Source', /Lost: the stream broke/],
    ['other bytes', good, other, 'Source', /has digest .* instead of/],
    ['cut off', good, good.subarray(0, 40), 'Source', /has digest/],
    ['endless', good, large, 'Source', /larger than 524288 bytes/],
    ['not JSON', Buffer.from('nonsense'), undefined, 'Signature', /not a signed envelope/],
    ['a list', Buffer.from('[]'), undefined, 'Signature', /not a signed envelope/],
    ['payload no text', Buffer.from('{"payload":7}'), undefined, 'Signature', /not a signed/],
    ['payload not JSON', Buffer.from('{"payload":"!!"}'), undefined, 'Digest', /of undefined/],
    ['another image', other, undefined, 'Digest', /the description is of 7633/],
  ]
  for (const [name, envelope, served, reason, message] of cases) {
    const { result, machine } = await install(envelope, served)
    assert.equal(result.ok, false, name)
    if (!result.ok) {
      assert.equal(result.reason, reason, name)
      assert.match(result.message, message, name)
    }
    assert.deepEqual(machine.acts, [], name)
  }
})

it('an image for another processor is as wrong in an hour as now, and a full disk is not', () => {
  for (const reason of refusalsOfTheImage) assert(isAgainstImage(reason), reason)
  for (const reason of ['Space', 'Disk', 'Source', 'Busy', 'Stopped'] as const)
    assert(!isAgainstImage(reason), reason)
})
