import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseKubernetesProtobuf } from './kubernetes-protobuf.ts'

/** A field of bytes, as the encoder writes it. */
function field(number: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}
const number = (name: number, value: number): Buffer =>
  Buffer.concat([varint(name << 3), varint(value)])
const of = (...parts: Buffer[]): Buffer => Buffer.concat(parts)
const entry = (key: string, value: string): Buffer => of(field(1, key), field(2, value))
const object = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  of(
    Buffer.from('k8s\0'),
    field(1, of(field(1, apiVersion), field(2, kind))),
    field(2, raw),
    field(3, ''),
    field(4, ''),
  )

describe('parseKubernetesProtobuf', () => {
  it('reads what kubectl create namespace sends, which names empty fields too', () => {
    const metadata = of(field(1, 'shops'), field(2, ''), field(3, ''), number(7, 0), field(8, ''))
    const raw = of(field(1, metadata), field(2, ''), field(3, field(1, '')))
    assert.deepEqual(parseKubernetesProtobuf(object('v1', 'Namespace', raw)), {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shops' },
    })
  })
  it('reads maps, lists, bytes, numbers and times', () => {
    const owner = of(field(1, 'Site'), field(3, 'oslo'), field(4, 'u-1'), number(6, 1))
    const metadata = of(
      field(1, 's'),
      field(11, entry('tier', 'gold')),
      field(11, entry('__proto__', 'x')),
      field(13, owner),
      field(14, 'a'),
      field(14, 'b'),
    )
    const secret = of(
      field(1, metadata),
      field(2, entry('pin', '1234')),
      field(3, 'Opaque'),
      number(5, 1),
    )
    const read = parseKubernetesProtobuf(object('v1', 'Secret', secret))
    assert.equal(
      JSON.stringify(read),
      '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","labels":{"tier":"gold","__proto__":"x"},"ownerReferences":[{"kind":"Site","name":"oslo","uid":"u-1","controller":true}],"finalizers":["a","b"]},"data":{"pin":"MTIzNA=="},"type":"Opaque","immutable":true}',
    )
    const moment = of(number(1, 1_795_262_400), number(2, 5_000))
    const lease = of(field(1, field(1, 'l')), field(2, of(number(2, 15), field(4, moment))))
    assert.deepEqual(parseKubernetesProtobuf(object('coordination.k8s.io/v1', 'Lease', lease)), {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { leaseDurationSeconds: 15, renewTime: '2026-11-21T12:00:00.000005Z' },
    })
  })
  it('reads options of deletion of any group', () => {
    const raw = of(field(2, field(1, 'u-1')), field(4, 'Foreground'), field(5, 'All'))
    assert.deepEqual(parseKubernetesProtobuf(object('meta.k8s.io/v1', 'DeleteOptions', raw)), {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u-1' },
      propagationPolicy: 'Foreground',
      dryRun: ['All'],
    })
  })
  it('refuses what it does not know or cannot read, whatever the bytes are', () => {
    assert.throws(() => parseKubernetesProtobuf(object('v1', 'Pod', of())), /v1\/Pod is not taken/)
    assert.throws(() => parseKubernetesProtobuf(object('v1', 'constructor', of())), /not taken/)
    const cut = object('v1', 'Namespace', field(1, 'x')).subarray(0, -3)
    assert.throws(() => parseKubernetesProtobuf(cut), /not protobuf|it ends within/)
    const wrongType = object('v1', 'Namespace', number(1, 7))
    assert.throws(() => parseKubernetesProtobuf(wrongType), /a number stands where bytes belong/)
    const wild = object('v1', 'Secret', field(1, of(field(8, number(1, 2 ** 52)))))
    assert.throws(() => parseKubernetesProtobuf(wild), /out of range/)
    const group = object('v1', 'Secret', Buffer.from([0x0b]))
    assert.throws(() => parseKubernetesProtobuf(group), /unknown wire type/)
  })
})
