import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MachineHardware, qemuArguments } from './qemu-arguments.ts'

const files = { tree: '/t', controlSocket: '/s' }
const line = (hardware: MachineHardware) => qemuArguments(hardware, files, 'tcg').join(' ')

test('a machine with firmware boots from its first disk, one with a kernel of its own does not', () => {
  const disks = [{ file: '/d' }]
  assert.match(line({ disks, variables: '/v' }), /drive=format0,bootindex=0/)
  assert.doesNotMatch(line({ disks, directBoot: { kernel: '/k', commandLine: '' } }), /bootindex/)
})

test('Secure Boot takes the firmware that verifies, and variables that only it may write', () => {
  const text = line({ variables: '/v', secureBoot: true })
  assert.match(text, /OVMF_CODE_4M\.secboot\.fd/)
  assert.match(text, /smm=on/)
  assert.match(text, /driver=cfi\.pflash01,property=secure,value=on/)
  assert.doesNotMatch(line({ variables: '/v' }), /secboot/)
})

test('a disk is stacked: file, format, faults, log, device; a log forbids merged requests', () => {
  const faults = [{ on: 'read' as const, firstSector: 2048, sectors: 2 }]
  const text = line({ disks: [{ file: '/a,b', format: 'qcow2', writeLog: '/l', faults }] })
  const order = ['filename=/a,,b', 'qcow2', 'blkdebug,image=format0', 'blklogwrites,file=faulty0']
  const places = order.map((each) => text.indexOf(each))
  assert.ok(places.every((place, index) => place > (places[index - 1] ?? 0)))
  assert.match(text, /inject-error\.1\.sector=2049/)
  assert.match(text, /drive=logged0,bootindex=0,request-merging=off/)
})

test('too many failing sectors are refused with the number that is possible', () => {
  const faults = [{ on: 'write' as const, firstSector: 0, sectors: 1000 }]
  assert.throws(() => line({ disks: [{ file: '/d', faults }] }), /1000 sectors; at most 256/)
})

test('ports go both ways, and the card has no boot ROM', () => {
  const network = {
    portForwards: [{ hostPort: 8080, guestPort: 80 }],
    guestForwards: [{ address: '10.0.2.100', port: 443, hostPort: 7443 }],
  }
  const text = line({ network })
  assert.match(text, /hostfwd=tcp:127\.0\.0\.1:8080-:80/)
  assert.match(text, /guestfwd=tcp:10\.0\.2\.100:443-tcp:127\.0\.0\.1:7443/)
  assert.match(text, /romfile=(,| |$)/)
})
