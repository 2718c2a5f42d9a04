import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Machine } from '@skerry/factory/lab/machine'
import { MachineError } from '@skerry/factory/lab/machine-error'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { kernelOf, treesForTest } from '@skerry/factory/lab/testing/lab-trees'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const commandLine = 'console=ttyS0 no_timer_check panic=1'

async function boot(directory: string): Promise<Machine> {
  assert.ok(typeof trees !== 'string')
  return await startMachine({
    trees,
    memoryMiB: 256,
    directBoot: { kernel: kernelOf(trees.kernel), commandLine },
    consoleFile: join(directory, 'console.log'),
    network: {},
    disks: [{ file: join(directory, 'disk'), isTemporary: true }],
  })
}

test('a kernel boots, loses power at a line, and boots again in 1970', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'lab-test-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'disk'), Buffer.alloc(1 << 20, 7))
  let pid: number | undefined
  {
    await using machine = await boot(directory)
    pid = machine.pid
    await machine.waitFor(/Linux version 6\./)
    assert.deepEqual(await machine.command('query-status'), { status: 'running', running: true })
    await machine.throttleDisk(0, 1 << 20)
    await machine.setCable(false)
    const line = await machine.cutPowerAt(/Kernel panic/)
    assert.match(line.text, /Unable to mount root/)
    assert.equal(machine.isRunning, false)
    assert.ok(machine.processorSeconds > 0.5)
    await assert.rejects(machine.command('stop'), /the machine is off/)

    await machine.restart({ clockStart: '1970-01-01T00:00:00' })
    await machine.waitFor(/setting system clock to 1970-01-01/)
    await assert.rejects(
      machine.waitFor(/never said/, { unless: /Kernel panic/ }),
      (error) =>
        error instanceof MachineError &&
        error.reason === 'forbidden' &&
        /The end of its console:\n.*\n/.test(error.message),
    )
    await assert.rejects(
      machine.waitFor(/never said/, { processorSecondsMax: 0 }),
      (error) => error instanceof MachineError && error.reason === 'limit',
    )
  }
  assert.equal(existsSync(`/proc/${pid}`), false)
  const console = await readFile(join(directory, 'console.log'), 'utf8')
  assert.equal(console.match(/Linux version/g)?.length, 2)
})

test('what QEMU refuses is said in its own words', { skip }, async () => {
  assert.ok(typeof trees !== 'string')
  await assert.rejects(
    startMachine({ trees, acceleration: 'tcg', processorModel: 'nonsense' }),
    (error) => error instanceof MachineError && /unable to find CPU model/.test(error.message),
  )
  await assert.rejects(
    startMachine({ trees, disks: [{ file: '/nowhere/disk.raw' }] }),
    /\/nowhere\/disk\.raw: no such file/,
  )
})
