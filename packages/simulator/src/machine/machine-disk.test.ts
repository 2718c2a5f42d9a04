import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '@skerry/agent/host'
import { seededRandom } from '@skerry/base/random'
import { createLife } from '../time/life.ts'
import { createTimeline } from '../time/timeline.ts'
import { createMachineDisk } from './machine-disk.ts'

const bytesOf = (text: string) => Buffer.from(text)

function machine(seed = 1) {
  const timeline = createTimeline()
  const disk = createMachineDisk({ timeline, random: seededRandom(seed) })
  return { timeline, disk, finish: () => timeline.runUntil(timeline.elapsedMs + 10_000) }
}

/** Runs something on the disk in a life of its own, and lets time pass until it rests. */
async function live<T>(
  { disk, finish }: ReturnType<typeof machine>,
  run: (opened: ReturnType<typeof disk.open>) => Promise<T>,
  life = createLife(),
): Promise<T | 'unfinished' | DiskError> {
  let result: T | 'unfinished' | DiskError = 'unfinished'
  run(disk.open(life)).then(
    (value) => (result = value),
    (error: unknown) => {
      assert.ok(error instanceof DiskError)
      result = error
    },
  )
  await finish()
  return result
}

test('what was synced with its name outlives a power cut, on every seed', async () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const world = machine(seed)
    await live(world, async (disk) => {
      const file = await disk.open('/kept', 'create')
      await file.pwrite(bytesOf('kept'), 0)
      await file.sync()
      await disk.syncDirectory('/')
      await file.pwrite(bytesOf('lost'), 0)
    })
    world.disk.losePower()
    const found = await live(world, (disk) => disk.read('/kept'))
    assert.match(Buffer.from(found as Uint8Array).toString(), /^(kept|lost)$/)
  }
})

test('what was not synced is torn: over the seeds all of it, some of it and none of it', async () => {
  const found = new Set<string>()
  for (let seed = 0; seed < 60; seed += 1) {
    const world = machine(seed)
    await live(world, async (disk) => {
      const file = await disk.open('/torn', 'create')
      await file.sync()
      await disk.syncDirectory('/')
      await file.pwrite(bytesOf('x'.repeat(1024)), 0)
    })
    world.disk.losePower()
    const bytes = (await live(world, (disk) => disk.read('/torn'))) as Uint8Array
    const halves = [bytes[0] === 120, bytes[512] === 120]
    found.add(halves.join())
  }
  assert.deepEqual([...found].toSorted(), ['false,false', 'false,true', 'true,false', 'true,true'])
})

test('a process that dies alone loses nothing that it wrote', async () => {
  const world = machine()
  const life = createLife()
  await live(
    world,
    async (disk) => {
      const file = await disk.open('/log', 'create')
      await file.pwrite(bytesOf('written'), 0)
      life.end()
    },
    life,
  )
  const found = await live(world, (disk) => disk.read('/log'))
  assert.equal(Buffer.from(found as Uint8Array).toString(), 'written')
})

test('a machine can be stopped between any two operations, and the one under way never ends', async () => {
  const world = machine()
  const life = createLife()
  let stoppedMs: number | undefined
  world.disk.breakAfter(3, () => {
    life.end()
    stoppedMs = world.timeline.elapsedMs
  })
  const ended = await live(
    world,
    async (disk) => {
      const file = await disk.open('/state', 'create')
      await file.pwrite(bytesOf('a'), 0)
      await file.pwrite(bytesOf('b'), 0)
      return 'written'
    },
    life,
  )
  assert.equal(ended, 'unfinished')
  assert.ok(stoppedMs !== undefined)
  const found = await live(world, (disk) => disk.read('/state'))
  assert.equal(Buffer.from(found as Uint8Array).toString(), 'a')
})

test('a full, a read-only and a failing disk say so', async () => {
  const world = machine()
  const write = async () =>
    live(world, async (disk) => {
      const file = await disk.open('/file', 'create')
      await file.pwrite(bytesOf('x'), 0)
      return 'written'
    })
  assert.equal(await write(), 'written')
  world.disk.faults.isFull = true
  assert.equal(((await write()) as DiskError).reason, 'Full')
  assert.equal(await live(world, (disk) => disk.free('/')), 0)
  world.disk.faults.isFull = false
  world.disk.faults.isReadOnly = true
  assert.equal(((await write()) as DiskError).reason, 'ReadOnly')
  world.disk.faults.isReadOnly = false
  world.disk.faults.readFailures = 1
  const failed = await live(world, (disk) => disk.read('/file'))
  assert.equal((failed as DiskError).reason, 'Broken')
})
