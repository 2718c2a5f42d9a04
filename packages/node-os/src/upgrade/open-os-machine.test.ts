import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drive, fixedClock, intentFor, startSession } from '../testing/drive.ts'
import {
  type FakeImage,
  createImageKey,
  makeFakeImage,
  requestFor,
  sourceOf,
} from '../testing/fake-image.ts'
import {
  type Behaviour,
  type SimulatedMachine,
  type SimulatedMachineOptions,
  createSimulatedMachine,
} from '../testing/simulated-machine.ts'
import { digestOf } from '@skerry/artifact/digest-of'
import { silentLog } from '@skerry/base/log'
import { openOsMachine } from './open-os-machine.ts'
import { OsDiskError } from './os-host.ts'
import type { InstallRequest, OsActResult } from './os-machine.ts'

const v0 = await makeFakeImage({ version: '0.9.0' })
const v1 = await makeFakeImage({ version: '1.0.0' })
const v2 = await makeFakeImage({ version: '2.0.0' })
const v3 = await makeFakeImage({ version: '3.0.0' })
const images = [v0, v1, v2, v3]
const id = (image: FakeImage) => image.description.imageId
const nobody = () => new AbortController().signal

const machineWith = (options: Partial<SimulatedMachineOptions> = {}): SimulatedMachine =>
  createSimulatedMachine({ images, installed: [{ image: v1 }], ...options })

const behaving = (image: FakeImage, behaviour: Behaviour) => new Map([[id(image), behaviour]])

const entries = (machine: SimulatedMachine): string[] =>
  [...machine.esp.content().keys()]
    .filter((path) => path.startsWith('/EFI/Linux/'))
    .map((path) => path.slice('/EFI/Linux/'.length))
    .toSorted()

const entry = (image: FakeImage, counter = ''): string =>
  `skerry-${id(image).slice(0, 12)}${counter}.efi`

function refused(result: OsActResult, reason: string, message: RegExp): void {
  assert.equal(result.ok, false)
  if (result.ok) return
  assert.equal(result.reason, reason, result.message)
  assert.match(result.message, message)
}

describe('an update', () => {
  it('to a good image is installed, switched to, found healthy and kept', async () => {
    const machine = machineWith()
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.imageId, id(v2))
    assert.equal(state.report.isBlessed, true)
    assert.equal(state.report.digest, v2.digest)
    assert.equal(state.report.slot, 'slot-b')
    assert.deepEqual(
      state.report.slots.map((slot) => [slot.name, slot.version, slot.state]),
      [
        ['slot-a', '1.0.0', 'Blessed'],
        ['slot-b', '2.0.0', 'Running'],
        ['slot-c', undefined, 'Empty'],
      ],
    )
    assert.deepEqual(
      state.report.outcomes.map(({ result, digest }) => [result, digest]),
      [['Succeeded', v2.digest]],
    )
    assert.deepEqual(entries(machine), [entry(v1), entry(v2)].toSorted())
    assert.equal(machine.starts, 2)
  })

  it('tells while it is on trial what was intended', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    assert.deepEqual(await os.install(requestFor(v2), nobody()), { ok: true })
    assert.deepEqual(
      os.observe().report.slots.map(({ state }) => state),
      ['Running', 'Staged', 'Empty'],
    )
    await os.switchTo(id(v2), { ...intentFor(v2, 4), didHubAnswer: false })
    assert.equal(os.observe().switched, id(v2))
    const next = await startSession(machine)
    const state = next.os.observe()
    assert.equal(state.isOnTrial, true)
    assert.equal(state.intent?.didHubAnswer, false)
    assert.deepEqual(state.tried, { imageId: id(v2), digest: v2.digest, attempt: 4 })
    refused(await next.os.install(requestFor(v3), nobody()), 'Busy', /on trial/)
    refused(await next.os.switchTo(id(v1), intentFor(v1)), 'Busy', /on trial/)
  })

  it('goes through three slots without ever touching what runs or what is fallen back to', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    const state = await drive(machine, { target: v3 })
    assert.deepEqual(
      state.report.slots.map(({ version }) => version),
      ['1.0.0', '2.0.0', '3.0.0'],
    )
    const v4 = await makeFakeImage({ version: '4.0.0' })
    const { os } = await startSession(machine)
    await os.install(requestFor(v4), nobody())
    assert.equal(os.observe().report.slots[0]!.imageId, id(v4))
    assert.ok(!entries(machine).includes(entry(v1)))
  })

  it('takes the slot of the fallback where there are but two', async () => {
    const machine = machineWith({ slotCount: 2, installed: [{ image: v1 }, { image: v0 }] })
    const state = await drive(machine, { target: v2 })
    assert.deepEqual(
      state.report.slots.map(({ version }) => version),
      ['1.0.0', '2.0.0'],
    )
  })

  it('goes on where it was stopped, from what is on the disk', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    const stop = new AbortController()
    const source = sourceOf([v2], 4096)
    const request: InstallRequest = {
      ...requestFor(v2, source),
      onProgress: (doneBytes) => doneBytes >= 5 * 4096 && stop.abort(),
    }
    refused(await os.install(request, stop.signal), 'Stopped', /goes on later/)
    const again = sourceOf([v2], 4096)
    assert.deepEqual(await os.install(requestFor(v2, again), nobody()), { ok: true })
    const { digest } = v2.description.root
    assert.deepEqual(again.opened, [{ digest, offset: 4 * 4096 }])
  })

  it('begins anew once when what was on the disk has decayed', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    const stop = new AbortController()
    const request: InstallRequest = {
      ...requestFor(v2, sourceOf([v2], 4096)),
      onProgress: (doneBytes) => doneBytes >= 5 * 4096 && stop.abort(),
    }
    await os.install(request, stop.signal)
    machine.slots[1]!.bytes[100]! ^= 1
    const again = sourceOf([v2], 4096)
    assert.deepEqual(await os.install(requestFor(v2, again), nobody()), { ok: true })
    assert.deepEqual(
      again.opened.map(({ offset }) => offset),
      [4 * 4096, 0],
    )
  })

  it('is refused while another one is under way', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    const first = os.install(requestFor(v2), nobody())
    refused(await os.install(requestFor(v3), nobody()), 'Busy', /busy with an installation/)
    assert.deepEqual(await first, { ok: true })
  })

  it('that is not wanted any more is withdrawn, and what runs stays', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    await os.install(requestFor(v2), nobody())
    await os.switchTo(id(v2), intentFor(v2))
    assert.deepEqual(await os.switchTo(id(v1), intentFor(v1)), { ok: true })
    assert.equal(os.observe().switched, undefined)
    const next = await startSession(machine)
    assert.equal(next.image, v1)
    assert.deepEqual(next.os.observe().report.outcomes, [])
    assert.deepEqual(
      next.os.observe().staged.map(({ imageId }) => imageId),
      [id(v2)],
    )
  })

  it('to a newer image drops one that was switched to and never started', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    await os.install(requestFor(v3), nobody())
    await os.switchTo(id(v3), intentFor(v3))
    await os.install(requestFor(v2), nobody())
    assert.deepEqual(await os.switchTo(id(v2), intentFor(v2)), { ok: true })
    assert.equal(os.observe().switched, id(v2))
    assert.equal((await startSession(machine)).image, v2)
  })
})

describe('a bad image', () => {
  const stories: readonly (readonly [Behaviour, string, RegExp, number])[] = [
    ['Panics', 'Panic', /Kernel panic - not syncing: VFS: no root/, 4],
    ['Hangs', 'Hang', /watchdog reset the machine before it reached/, 4],
    ['Refused', 'Loader', /not signed/, 4],
    ['Dies', 'None', /6 tries in two rounds/, 8],
  ]
  for (const [behaviour, evidence, message, starts] of stories)
    it(`that ${behaviour.toLowerCase()} is fallen back from, and it is known why`, async () => {
      const options = { secureBoot: behaviour === 'Refused' }
      const tried = machineWith({ ...options, behaviours: behaving(v2, behaviour) })
      const state = await drive(tried, { target: v2 })
      assert.equal(state.report.imageId, id(v1))
      assert.equal(state.isOnTrial, false)
      assert.deepEqual(
        state.condemned.map((each) => [each.imageId, each.evidence]),
        [[id(v2), evidence]],
      )
      assert.match(state.condemned[0]!.message, message)
      assert.equal(tried.starts, 1 + starts)
      assert.deepEqual(entries(tried), [entry(v1)], 'its entry is gone')
      assert.equal(tried.panics.size, 0, 'the panic was kept in data')
    })

  it('that is not healthy is given up at once, not three times', async () => {
    const machine = machineWith()
    const state = await drive(machine, { target: v2, isHealthy: (image) => image !== v2 })
    assert.equal(state.report.imageId, id(v1))
    assert.equal(state.condemned[0]!.evidence, 'Gate')
    assert.match(state.condemned[0]!.message, /its model does not answer/)
    assert.equal(machine.starts, 3)
  })

  it('may be tried again, and then counts as it does then', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2, isHealthy: (image) => image !== v2 })
    const { os } = await startSession(machine)
    assert.deepEqual(await os.install(requestFor(v2), nobody()), { ok: true })
    assert.deepEqual(await os.switchTo(id(v2), intentFor(v2, 2)), { ok: true })
    assert.deepEqual(os.observe().condemned, [])
    const state = await drive(machine, { target: v2 })
    assert.deepEqual(
      state.report.outcomes.map(({ result }) => result),
      ['Succeeded', 'FellBack'],
    )
  })

  it('is kept where nothing else could start', async () => {
    const machine = machineWith({ installed: [{ image: v1, entry: entry(v1, '+3') }] })
    const { os } = await startSession(machine)
    assert.equal(os.observe().isOnTrial, true)
    refused(await os.condemn('no network'), 'Disk', /No other image/)
    assert.deepEqual(await os.bless(), { ok: true })
    assert.equal(os.observe().isOnTrial, false)
    refused(await os.condemn('no network'), 'Busy', /kept already/)
  })
})

describe('a supply that flickers', () => {
  it('three times costs one round, and the second one succeeds', async () => {
    const machine = machineWith({ behaviours: behaving(v2, 'Dies') })
    const { os } = await startSession(machine)
    await os.install(requestFor(v2), nobody())
    await os.switchTo(id(v2), intentFor(v2))
    const back = await startSession(machine)
    assert.equal(back.image, v1)
    const state = back.os.observe()
    assert.equal(state.report.outcomes[0]!.result, 'Inconclusive')
    assert.equal(state.switched, id(v2))
    assert.deepEqual(state.condemned, [])
    assert.ok(entries(machine).includes(entry(v2, '+3-3')))
    machine.behaviours = new Map()
    const end = await drive(machine, { target: v2 })
    assert.equal(end.report.imageId, id(v2))
    assert.equal(end.report.outcomes[0]!.result, 'Succeeded')
  })
})

describe('going back', () => {
  it('to an older image and forward again needs no new signature and is no failure', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    const back = await drive(machine, { target: v1 })
    assert.equal(back.report.imageId, id(v1))
    assert.equal(back.report.outcomes[0]!.result, 'WentBack')
    assert.deepEqual(back.condemned, [])
    assert.deepEqual(entries(machine), [entry(v1), entry(v2, '+0-1')].toSorted())
    const forth = await drive(machine, { target: v2 })
    assert.equal(forth.report.imageId, id(v2))
    assert.deepEqual(forth.condemned, [])
  })

  it('to one that is not healthy comes back to the newer one', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    const state = await drive(machine, { target: v1, isHealthy: (image) => image !== v1 })
    assert.equal(state.report.imageId, id(v2))
    assert.equal(state.isOnTrial, false)
    assert.equal(state.report.outcomes[0]!.result, 'FellBack')
    assert.ok(entries(machine).includes(entry(v2)), 'the running one is not counted any more')
  })

  it('works when the ESP has lost the old kernel', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    const { os } = await startSession(machine)
    machine.esp.put(`/EFI/Linux/${entry(v1)}`, undefined)
    assert.deepEqual(await os.switchTo(id(v1), intentFor(v1)), { ok: true })
    assert.equal((await startSession(machine)).image, v1)
  })
})

describe('what is refused before anything is touched', () => {
  const stranger = createImageKey()
  const cases: Readonly<Record<string, () => Promise<readonly [InstallRequest, string, RegExp]>>> =
    {
      'an image that a stranger signed': async () => {
        const image = await makeFakeImage({ version: '2.0.0', key: stranger.key })
        return [requestFor(image), 'Signature', /not a trusted key/]
      },
      'an image that was changed after it was signed': async () => {
        const payload = Buffer.from(JSON.stringify({ ...v2.description, version: '9.0.0' }))
        const envelope = { ...v2.envelope, payload: payload.toString('base64') }
        return [{ ...requestFor(v2), envelope }, 'Signature', /it was changed/]
      },
      'a machine that trusts nobody': async () => [
        { ...requestFor(v2), trustedKeys: [] },
        'Signature',
        /not a trusted key/,
      ],
      'a description that is signed and makes no sense': async () => {
        const image = await makeFakeImage({
          version: '2.0.0',
          describe: (described) => ({ ...described, rootHash: 'none' }),
        })
        return [requestFor(image), 'Signature', /does not hold/]
      },
      'an image for another architecture': async () => {
        const image = await makeFakeImage({
          version: '2.0.0',
          describe: (described) => ({ ...described, architecture: 'arm64' }),
        })
        return [requestFor(image), 'Architecture', /is for arm64, and this machine is x64/]
      },
      'an image that is larger than a slot': async () => [
        requestFor(await makeFakeImage({ version: '2.0.0', blocks: 40 })),
        'Size',
        /needs a slot of \d+ bytes/,
      ],
      'an image that is smaller than it says': async () => {
        const image = await makeFakeImage({
          version: '2.0.0',
          describe: (described) => ({ ...described, slotBytes: 4096 }),
        })
        return [requestFor(image), 'Size', /says that it needs 4096 bytes/]
      },
      'a kernel that is not the one that was signed': async () => {
        const other = { ...v2, kernel: Buffer.from(v2.kernel).fill(7, 2000) }
        return [requestFor(v2, sourceOf([other])), 'Digest', /kernel of image 2\.0\.0/]
      },
      'a source that has nothing': async () => [
        requestFor(v2, sourceOf([])),
        'Source',
        /the registry does not give/,
      ],
    }
  for (const [name, make] of Object.entries(cases))
    it(name, async () => {
      const machine = machineWith({ installed: [{ image: v1 }, { image: v0 }] })
      const { os } = await startSession(machine)
      const before = entries(machine)
      const slots = machine.slots.map(({ bytes }) => Buffer.from(bytes))
      const [request, reason, message] = await make()
      refused(await os.install(request, nobody()), reason, message)
      assert.deepEqual(entries(machine), before)
      assert.deepEqual(
        machine.slots.map(({ bytes }) => Buffer.from(bytes)),
        slots,
      )
      const told = os.observe().report.outcomes.map(({ result }) => result)
      assert.deepEqual(told, reason === 'Source' ? [] : ['Refused'])
      refused(await os.install(request, nobody()), reason, message)
      assert.equal(os.observe().report.outcomes.length, told.length, 'it is said once')
    })

  it('an ESP that foreign files fill: they are named and stay', async () => {
    const machine = machineWith({ espBytes: 2 ** 20 })
    machine.esp.put('/EFI/OTHER/BOOT.BIN', Buffer.alloc(600 * 1024))
    const { os } = await startSession(machine)
    const big = await makeFakeImage({ version: '2.0.0', kernelBytes: 200 * 1024 })
    const result = await os.install(requestFor(big), nobody())
    refused(result, 'Space', /room for 0\.0 MiB/)
    assert.ok(machine.esp.content().has('/EFI/OTHER/BOOT.BIN'))
    assert.deepEqual(entries(machine), [entry(v1)])
  })

  it('a data partition that is full', async () => {
    const machine = machineWith({ dataBytes: 9 * 1024 })
    const { os } = await startSession(machine)
    const big = await makeFakeImage({ version: '2.0.0', kernelBytes: 20 * 1024 })
    refused(await os.install(requestFor(big), nobody()), 'Space', /full/)
    assert.equal((await startSession(machine)).image, v1)
  })
})

describe('a file system that does not arrive as it was signed', () => {
  const changed: FakeImage = { ...v2, root: Buffer.from(v2.root).fill(7, 9000, 9001) }
  const short: FakeImage = { ...v2, root: v2.root.subarray(0, 9000) }
  const long: FakeImage = { ...v2, root: Buffer.concat([v2.root, Buffer.alloc(10)]) }
  for (const [name, image, reason, message] of [
    ['a flipped bit', changed, 'Digest', /it was changed on its way/],
    ['an end too early', short, 'Source', /ended after 9000 of the 24576 bytes/],
    ['bytes too many', long, 'Digest', /more than the 24576 bytes/],
  ] as const)
    it(`${name} is refused, nothing is switched, and the next try comes through`, async () => {
      const machine = machineWith()
      const { os } = await startSession(machine)
      refused(await os.install(requestFor(v2, sourceOf([image])), nobody()), reason, message)
      assert.deepEqual(os.observe().staged, [])
      assert.deepEqual(await os.install(requestFor(v2), nobody()), { ok: true })
      assert.equal((await drive(machine, { target: v2 })).report.imageId, id(v2))
    })
})

describe('a disk that fails', () => {
  it('on a write stops the installation, and nothing is switched', async () => {
    const machine = machineWith({ slotCount: 2 })
    const { os } = await startSession(machine)
    machine.slots[1]!.breakAt(9000, 'WriteError')
    refused(await os.install(requestFor(v2), nobody()), 'Disk', /cannot be written/)
    assert.deepEqual(os.observe().staged, [])
    assert.equal((await startSession(machine)).image, v1)
  })

  it('by giving back something else is noticed before the superblock', async () => {
    const machine = machineWith({ slotCount: 2 })
    const { os } = await startSession(machine)
    machine.slots[1]!.breakAt(9000, 'Decay')
    refused(await os.install(requestFor(v2), nobody()), 'Disk', /does not give back/)
    assert.deepEqual(os.observe().staged, [])
  })

  it('under an image that is there already has it written anew, and staged only when it is whole', async () => {
    const machine = machineWith()
    const { os } = await startSession(machine)
    await os.install(requestFor(v2), nobody())
    machine.slots[1]!.bytes[5000]! ^= 1
    const short: FakeImage = { ...v2, root: v2.root.subarray(0, 9000) }
    refused(await os.install(requestFor(v2, sourceOf([short])), nobody()), 'Source', /ended after/)
    assert.deepEqual((await startSession(machine)).os.observe().staged, [])
    assert.equal((await drive(machine, { target: v2 })).report.imageId, id(v2))
    // The root alone is not all: a block of the tree counts as well.
    await drive(machine, { target: v1 })
    machine.slots[1]!.bytes[v2.description.root.sizeBytes + 4100]! ^= 1
    const next = await startSession(machine)
    assert.deepEqual(await next.os.install(requestFor(v2), nobody()), { ok: true })
    assert.ok(Buffer.from(machine.slots[1]!.bytes.subarray(0, v2.slot.length)).equals(v2.slot))
  })

  it('when a slot is looked at leaves it alone', async () => {
    const machine = machineWith()
    machine.slots[1]!.breakAt(v1.description.root.sizeBytes, 'ReadError')
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.slot, 'slot-c')
  })
})

describe('a machine without data', () => {
  it('says so, updates, and tells what can be told', async () => {
    const machine = machineWith({ isDataMissing: true })
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.imageId, id(v2))
    assert.match(state.report.data ?? '', /Missing/)
    const bad = machineWith({ isDataMissing: true, behaviours: behaving(v2, 'Dies') })
    const end = await drive(bad, { target: v2 })
    assert.equal(end.report.imageId, id(v1))
    assert.match(end.condemned[0]!.message, /journal does not know why/)
    assert.ok(entries(bad).includes(entry(v2, '+0-3')), 'what tells of it stays')
  })
})

describe('a clock that says 1970', () => {
  it('changes nothing but times', async () => {
    const machine = machineWith()
    const started = (await machine.start())!
    const clock = { ...fixedClock, now: () => 1000 }
    const os = (await openOsMachine({ host: started.host, clock, log: silentLog }))!
    assert.deepEqual(await os.install(requestFor(v2), nobody()), { ok: true })
    assert.deepEqual(await os.switchTo(id(v2), intentFor(v2)), { ok: true })
    const state = await drive(machine, { target: v2 })
    assert.equal(state.report.outcomes[0]!.result, 'Succeeded')
  })
})

describe('at the start', () => {
  it('an entry of the running image that FAT lost is made anew from the copy', async () => {
    const machine = machineWith()
    const { image } = await startSession(machine)
    assert.equal(image, v1)
    const started = (await machine.start())!
    machine.esp.put(`/EFI/Linux/${entry(v1)}`, undefined)
    await openOsMachine({ host: started.host, clock: fixedClock, log: silentLog })
    assert.deepEqual(entries(machine), [entry(v1)])
    assert.equal((await startSession(machine)).image, v1)
  })

  it('a fallback that FAT lost is made anew', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    machine.esp.put(`/EFI/Linux/${entry(v1)}`, Buffer.alloc(0))
    await startSession(machine)
    assert.deepEqual(entries(machine), [entry(v1), entry(v2)].toSorted())
    assert.equal(machine.esp.content().get(`/EFI/Linux/${entry(v1)}`)?.length, v1.kernel.length)
  })

  it('leftovers of ours go, and foreign files and a fifth entry stay', async () => {
    const machine = machineWith({ installed: [{ image: v1 }, { image: v0 }] })
    const foreign = ['debian.efi', 'other+3.efi', 'skerry-readme.txt', 'fifth.efi']
    for (const name of foreign) machine.esp.put(`/EFI/Linux/${name}`, Buffer.from('not ours'))
    machine.esp.put('/EFI/Linux/.new-uki', Buffer.from('half'))
    machine.esp.put(`/EFI/Linux/.new-${'d'.repeat(12)}`, Buffer.from('half'))
    await startSession(machine)
    assert.deepEqual(entries(machine), [...foreign, entry(v1), entry(v0)].toSorted())
  })

  it('the short name that a torn rename left goes: the loader would start it and count nothing', async () => {
    const machine = machineWith({ installed: [{ image: v1 }, { image: v0 }] })
    for (const name of ['SKERRY~2.EFI', 'SK3F2A~1.EFI', 'NEW-D9~1'])
      machine.esp.put(`/EFI/Linux/${name}`, v0.kernel)
    machine.esp.put('/EFI/Linux/SKY~1.EFI', Buffer.from('not ours'))
    await startSession(machine)
    assert.deepEqual(entries(machine), ['SKY~1.EFI', entry(v1), entry(v0)].toSorted())
  })

  it('a short name that is all that is left of the running image stays until its entry is back', async () => {
    const machine = machineWith()
    // Keeps a copy of the kernel.
    await startSession(machine)
    const started = (await machine.start())!
    machine.esp.put('/EFI/Linux/SKERRY~1.EFI', v1.kernel)
    machine.esp.put(`/EFI/Linux/${entry(v1)}`, undefined)
    await openOsMachine({ host: started.host, clock: fixedClock, log: silentLog })
    assert.deepEqual(entries(machine), ['SKERRY~1.EFI', entry(v1)])
    assert.equal((await startSession(machine)).image, v1)
    assert.deepEqual(entries(machine), [entry(v1)])
  })

  it('an entry whose image is in no slot goes: it could only use up tries', async () => {
    const machine = machineWith()
    machine.esp.put(`/EFI/Linux/${entry(v0)}`, v0.kernel)
    await startSession(machine)
    assert.deepEqual(entries(machine), [entry(v1)])
  })

  it('a journal of rubbish is left out line by line', async () => {
    const machine = machineWith()
    await drive(machine, { target: v2 })
    const path = '/data/skerry/os/journal'
    const good = Buffer.from(machine.data.content().get(path)!)
    const bad = Buffer.from(
      `{}\n00000000 {"kind":"Verdict"}\n${'x'.repeat(20_000)}\n\0\0\0\n${good.toString()}deadbeef {"kind":`,
    )
    machine.data.put(path, bad)
    const { os } = await startSession(machine)
    assert.deepEqual(
      os.observe().report.outcomes.map(({ result }) => result),
      ['Succeeded'],
    )
    const state = await drive(machine, { target: v3 })
    assert.equal(state.report.outcomes.length, 2)
  })

  it('a machine that is none of ours is said to be none', async () => {
    const started = (await machineWith().start())!
    const host = { ...started.host, boot: { ...started.host.boot, commandLine: 'root=/dev/sda1' } }
    assert.equal(await openOsMachine({ host, clock: fixedClock, log: silentLog }), undefined)
  })

  it('an ESP that cannot be mounted is said, and nothing is judged by it', async () => {
    const machine = machineWith()
    const started = (await machine.start())!
    const withEsp = () => Promise.reject(new OsDiskError('vda1 cannot be mounted'))
    const host = { ...started.host, withEsp }
    const os = (await openOsMachine({ host, clock: fixedClock, log: silentLog }))!
    assert.match(os.observe().report.data ?? '', /vda1 cannot be mounted/)
    refused(await os.install(requestFor(v2), nobody()), 'Disk', /slot|mounted/)
  })
})

describe('a kernel that was described and signed as it is', () => {
  const installing = async (image: FakeImage) => {
    const machine = machineWith({ images: [...images, image] })
    const { os } = await startSession(machine)
    const result = await os.install(requestFor(image), nobody())
    return { result, entries: entries(machine) }
  }
  /** The image with another kernel, and a description that says so. */
  const withKernel = async (change: (kernel: Buffer) => Buffer): Promise<FakeImage> => {
    const options = { version: '4.0.0', certificates: Buffer.from('whoever') }
    const kernel = change(Buffer.from((await makeFakeImage(options)).kernel))
    const file = { digest: digestOf(kernel), sizeBytes: kernel.length }
    const made = await makeFakeImage({
      ...options,
      describe: (described) => ({ ...described, kernel: file }),
    })
    return { ...made, kernel }
  }

  it('is taken where its signature was made for it', async () => {
    const { result } = await installing(await withKernel((kernel) => kernel))
    assert.deepEqual(result, { ok: true })
  })

  it('is refused before anything is removed where a bit of it has changed since', async () => {
    const { result, entries: left } = await installing(
      await withKernel((kernel) => {
        kernel[2000]! ^= 1
        return kernel
      }),
    )
    refused(result, 'Signature', /4\.0\.0 .* it was changed after its signature was made/)
    assert.deepEqual(left, [entry(v1)])
  })

  it('is refused where only its beginning is there', async () => {
    for (const bytes of [1, 100, 1030, 3000]) {
      const { result } = await installing(await withKernel((kernel) => kernel.subarray(0, bytes)))
      refused(result, 'Signature', /it is cut off or damaged, or no unified kernel image/)
    }
  })

  it('is refused where it starts another image', async () => {
    const { result } = await installing(await withKernel(() => Buffer.from(v3.kernel)))
    refused(result, 'Signature', /its command line names another root/)
  })
})
