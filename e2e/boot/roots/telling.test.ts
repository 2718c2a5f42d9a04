import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PhaseClock } from './phases.ts'
import { problemsBetween, problemsOf, readTelling } from './telling.ts'

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((each) => ({ text: each }))

const well = `
shop login: @@ version: This is version 1.0.0.;
@@ hostname: shop;shop;
@@ machine-id: 0123456789abcdef0123456789abcdef;
@@ root: / erofs ro;/etc overlay rw;/tmp tmpfs rw;/data ext4 rw;/var ext4 rw;/root ext4 rw;/home ext4 rw;
@@ etc: ls: /etc/left-behind: No such file or directory;
@@ var: x;
@@ home: drwxr-xr-x 2 admin;admin:x:1000:1000::/home/admin:/bin/sh;x;
@@ usr: Read-only file system;
@@ keys: ssh-ed25519 AAAA;
@@ address: lo 127.0.0.1/8;eth0 10.0.2.15/24;default via 10.0.2.2 dev eth0 ;
@@ resolver: nameserver 10.0.2.3;
@@ names: 127.0.0.1 localhost shop;
@@ initrd: slot-a;Healthy;

`
const wanted = { version: '1.0.0', site: 'shop' }

describe('what a machine tells of itself', () => {
  const told = readTelling(linesOf(well))

  test('nothing is said of one that is as it must be', () => {
    assert.deepEqual(problemsOf({ ...told, failed: '' }, wanted), [])
  })

  test('each thing that is missing or wrong is a sentence', () => {
    assert.match(
      problemsOf({ ...told, failed: '' }, { ...wanted, version: '2.0.0' })[0]!,
      /^version is/,
    )
    assert.match(problemsOf({ ...told, failed: 'ssh.service;' }, wanted)[0]!, /ssh\.service/)
    assert.match(problemsOf({ ...told, failed: '', root: '/ ext4 rw;' }, wanted)[0]!, /^root is/)
    assert.ok(problemsOf({}, wanted).length > 10)
  })

  test('what must stay has stayed, and what was written is there', () => {
    const later = { ...told, var: 'x;x;', home: `${told['home']}x;` }
    assert.deepEqual(problemsBetween(told, later), [])
    assert.match(problemsBetween(told, told).join(), /written to var is gone/)
    assert.match(problemsBetween(told, { ...later, 'machine-id': 'f;' }).join(), /^machine-id was/)
    assert.match(problemsBetween(told, { ...later, keys: 'other' }).join(), /^keys was/)
  })
})

test('phases are what lies between their lines, in clock and processor seconds', () => {
  const clock = new PhaseClock()
  const at = (clockSeconds: number) => ({ clockSeconds, processorSeconds: clockSeconds / 2 })
  clock.line('BdsDxe: starting Boot0001', at(2))
  clock.line('skerry: 5.12 initrd started, kernel 6.12', at(10))
  clock.line('skerry: 8.12 data: Healthy', at(12))
  clock.line('skerry: 8.32 data: copied from the image: /var', at(14))
  clock.line('something else', at(15))
  clock.line('skerry: the agent starts', at(24))
  clock.line('skerry: the agent starts', at(44))
  assert.deepEqual(
    clock.phases.map(({ phase, clockSeconds, processorSeconds }) => [
      phase,
      clockSeconds,
      processorSeconds,
    ]),
    [
      ['firmware', 2, 1],
      ['loader and kernel', 8, 4],
      ['initrd: data partition', 4, 2],
      ['init, to the agent', 10, 5],
    ],
  )
  assert.equal(clock.at('init, to the agent')?.clockSeconds, 24)
})
