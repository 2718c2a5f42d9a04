import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Device } from '@skerry/api/kinds/device'
import type { Site } from '@skerry/api/kinds/site'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { demoFleet, demoProfile, demoUserData } from './lab-demo-objects.ts'
import { describeEnd } from './lab-demo-show.ts'
import { worthShowing } from './lab-demo-machine.ts'
import { demoSchematic } from './lab-demo-place.ts'
import { describeNow, isGreen } from './lab-demo-watch.ts'

const site = (status: object) => ({ status }) as Site
const device = (os: object) => ({ status: { os } }) as Device
const well = {
  connectivity: 'Online',
  health: 'Healthy',
  sync: 'Synced',
  layers: [{ name: 'digits', type: 'model', state: 'Running' }],
}

test('green is connected, healthy, in step, with a model that runs and an image that is kept', () => {
  const kept = device({ isBlessed: true })
  assert.ok(isGreen(site(well), kept))
  assert.ok(!isGreen(undefined, kept))
  assert.ok(!isGreen(site(well), undefined))
  assert.ok(!isGreen(site(well), device({ isBlessed: false })))
  for (const change of [
    { connectivity: 'Offline' },
    { health: 'Degraded' },
    { sync: 'Progressing' },
    { layers: [] },
    { layers: [{ name: 'digits', type: 'model', state: 'Starting' }] },
  ])
    assert.ok(!isGreen(site({ ...well, ...change }), kept), JSON.stringify(change))
})

test('what a machine does is one line, with what is not there yet', () => {
  assert.equal(describeNow(undefined, undefined), 'no machine has joined yet')
  const layers = [{ name: 'digits', type: 'model', state: 'Fetching', message: '3 of 4 MB' }]
  assert.equal(
    describeNow(
      site({ ...well, layers }),
      device({ version: '1.0.0', phase: 'Fetching', progressPercent: 40 }),
    ),
    'Online, Healthy; image 1.0.0, Fetching 40 %; digits Fetching: 3 of 4 MB',
  )
})

test('of the console a person sees starts, panics and our own words', () => {
  assert.equal(worthShowing('\u001B[0mskerry: Connected\r'), 'Connected')
  assert.match(worthShowing('BdsDxe: starting Boot0001 "UEFI Misc Device"')!, /^power on/)
  assert.match(worthShowing('[    1.2] Kernel panic - not syncing: VFS')!, /panic/)
  assert.equal(worthShowing('[   14.0] watchdog: watchdog0: watchdog did not stop!'), undefined)
})

test('the images of the demo differ in little, and their objects fit together', () => {
  const read = (version: '1.0.0' | '2.0.0' | '3.0.0') =>
    parse(readFileSync(demoSchematic(version), 'utf8')) as {
      name: string
      version: string
      files: { path: string }[]
    }
  const [first, second, third] = [read('1.0.0'), read('2.0.0'), read('3.0.0')]
  assert.deepEqual([first.version, second.version, third.version], ['1.0.0', '2.0.0', '3.0.0'])
  assert.deepEqual({ ...second, version: '', files: [] }, { ...first, version: '', files: [] })
  assert.deepEqual(third.files, second.files)
  const text = JSON.stringify(demoProfile('2.0.0')['spec'])
  assert.ok(text.includes(`"image":"${second.name}-2.0.0"`))
  for (const { path } of first.files.filter((file) => file.path.startsWith('/usr')))
    assert.ok(text.includes(path), path)
  assert.ok(JSON.stringify(demoFleet()).includes('"metric":"BootHealth"'))
  assert.deepEqual(parse(demoUserData('https://hub:1', 'join-a.b.c')), {
    skerry: { hub: 'https://hub:1', token: 'join-a.b.c', site: 'shop-1' },
  })
})

test('in the end it says what runs, what fell back and why', () => {
  const shop = { metadata: { name: 'shop-1' }, spec: {}, status: well } as unknown as Site
  const os = {
    imageId: '0872a5f56febeb897b55434b6a5cb8a6',
    version: '2.0.0',
    slot: 'slot-b',
    bootId: '2f0c1a52-0000',
    bootTime: '2026-11-21T22:42:00Z',
    isBlessed: true,
    phase: 'Idle',
    slots: [{ name: 'slot-c', version: '3.0.0', state: 'Exhausted' }],
    outcomes: [
      {
        time: '2026-11-21T22:50:00Z',
        result: 'FellBack',
        evidence: 'Gate',
        imageId: 'cd3516920deb',
        version: '3.0.0',
        message: 'the check "drawer" failed',
      },
    ],
  }
  const machine = { metadata: { name: 'shop-1-1b70' }, status: { os } } as unknown as Device
  const text = describeEnd(shop, machine, 0)
  assert.match(text, /skerry site show shop-1/)
  assert.match(text, /kubectl describe device shop-1-1b70/)
  assert.match(text, /system +2\.0\.0 .* from slot-b, kept/)
  assert.match(text, /3\.0\.0 .*FellBack.* \(Gate\): the check "drawer" failed/)
  assert.equal(describeEnd(undefined, undefined, 0), '')
})
