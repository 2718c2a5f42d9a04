import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, seededRandom } from '@skerry/base/random'
import type { KubeObject } from '../object.ts'
import { isApiError } from '../status.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { equalFieldSets, hasField } from './field-set.ts'
import { fieldTypeOf } from './field-type.ts'
import { fieldsOfObject } from './fields-of-object.ts'
import { type ManagedFieldsEntry, readManaged } from './managed.ts'
import { mergeObjects } from './merge-objects.ts'
import { withoutNobodysFields } from './own-fields.ts'
import { type Config, frozen, meaningOf, randomConfig } from './testing/random-thing.ts'
import { thingKind } from './testing/thing-kind.ts'
import { trackUpdate } from './track-update.ts'

const type = fieldTypeOf(thingKind)
const nowMs = Date.parse('2026-11-21T12:00:00Z')
const seeds = Array.from({ length: 150 }, (_, seed) => seed)

const applied = (
  live: KubeObject | undefined,
  config: object,
  manager: string,
  more: { force?: boolean; nowMs?: number } = {},
): KubeObject =>
  frozen(
    applyConfiguration(thingKind, live, frozen(config) as Record<string, unknown>, {
      manager,
      force: false,
      subresource: '',
      nowMs,
      ...more,
    }),
  )

const created = (config: Config, manager: string): KubeObject => {
  const object = config as unknown as KubeObject
  const managedFields = trackUpdate(thingKind, undefined, object, {
    manager,
    subresource: '',
    nowMs,
  })
  return frozen({
    ...object,
    metadata: { ...object.metadata, managedFields: [...managedFields!] },
  }) as KubeObject
}

const body = ({ metadata, ...rest }: KubeObject): unknown => {
  const { managedFields: _, ...plain } = metadata
  return meaningOf(type, { ...rest, metadata: plain })
}
const entriesOf = (object: KubeObject) =>
  (object.metadata.managedFields ?? []) as unknown as ManagedFieldsEntry[]
const timeless = (object: KubeObject) =>
  entriesOf(object)
    .map((entry) => JSON.stringify({ ...entry, time: undefined }))
    .toSorted()
const fieldsOf = (object: KubeObject, name: string) =>
  [...readManaged(entriesOf(object))!.values()].find(({ manager }) => manager === name)!.fields
const nothing = randomConfig({ ...seededRandom(0), next: () => 1 }, 'a')

/** Says which seed fails. */
const forEachSeed = (check: (random: Random) => void): void => {
  for (const seed of seeds)
    try {
      check(seededRandom(seed))
    } catch (thrown) {
      throw new Error(`seed ${seed}`, { cause: thrown })
    }
}

describe('applyConfiguration, for many things', () => {
  it('applied twice is applied once', () =>
    forEachSeed((random) => {
      const base = created(randomConfig(random, 'abcd'), 'x')
      const config = randomConfig(random, 'cdef')
      const once = applied(base, config, 'a')
      assert.deepEqual(applied(once, config, 'a', { nowMs: nowMs + 60_000 }), once)
    }))

  it('gives what was asked for, and who asked owns exactly that', () =>
    forEachSeed((random) => {
      const base = created(randomConfig(random, 'abcd', 'other'), 'x')
      const config = randomConfig(random, 'bcde')
      const object = applied(base, config, 'a', { force: true })
      assert.deepEqual(body(mergeObjects(type, object, config) as KubeObject), body(object))
      const expected = withoutNobodysFields(fieldsOfObject(type, config))
      assert.ok(equalFieldSets(fieldsOf(object, 'a'), expected))
    }))

  it('removing what one applied restores what was there', () =>
    forEachSeed((random) => {
      const base = created(randomConfig(random, 'abcd'), 'x')
      const object = applied(base, randomConfig(random, 'cdef'), 'a')
      const restored = applied(object, nothing, 'a')
      assert.deepEqual(body(restored), body(base))
    }))

  it('does not depend on the order of those who share nothing', () =>
    forEachSeed((random) => {
      const base = created(randomConfig(random, 'abc'), 'x')
      const one = randomConfig(random, 'def')
      const other = randomConfig(random, 'ghi')
      const forth = applied(applied(base, one, 'a'), other, 'b')
      const back = applied(applied(base, other, 'b'), one, 'a')
      assert.deepEqual(body(forth), body(back))
      assert.deepEqual(timeless(forth), timeless(back))
    }))

  it('conflicts with nobody who wants the same, and shares the fields', () =>
    forEachSeed((random) => {
      const config = randomConfig(random, 'abcd')
      const both = applied(applied(undefined, config, 'a'), config, 'b')
      assert.ok(equalFieldSets(fieldsOf(both, 'a'), fieldsOf(both, 'b')))
      assert.deepEqual(body(applied(both, nothing, 'a')), body(both))
    }))

  it('takes by force what others hold with another value', () =>
    forEachSeed((random) => {
      const base = applied(undefined, randomConfig(random, 'abcd', 'old'), 'x')
      const config = randomConfig(random, 'abcd', 'new')
      const taken = Object.keys((config.spec['labels'] ?? {}) as object).map((key) => [
        'f:spec',
        'f:labels',
        `f:${key}`,
      ])
      const object = applied(base, config, 'a', { force: true })
      const others = [...readManaged(entriesOf(object))!.values()].filter(
        ({ manager }) => manager !== 'a',
      )
      for (const { fields } of others)
        for (const path of taken) assert.ok(!hasField(fields, path), path.join(' '))
    }))
})

describe('applyConfiguration', () => {
  const identity = {
    apiVersion: 'peer.skerry.dev/v1',
    kind: 'Thing',
    metadata: { name: 'thing', namespace: 'default' },
  }
  const thing = (spec: object, metadata: object = {}) => ({
    ...identity,
    metadata: { ...identity.metadata, ...metadata },
    spec,
  })
  const fails = (action: () => unknown): { code: number; message: string } => {
    try {
      action()
    } catch (thrown) {
      assert.ok(isApiError(thrown), String(thrown))
      return { code: thrown.code, message: thrown.message }
    }
    return assert.fail('expected an error')
  }

  it('says who holds what, in order', () => {
    const one = applied(undefined, thing({ text: 'x', count: 1 }), 'b')
    const two = applied(one, thing({ flag: true }), 'a')
    const wanted = thing({ text: 'y', count: 2, flag: false })
    assert.deepEqual(
      fails(() => applied(two, wanted, 'c')),
      {
        code: 409,
        message:
          'Apply failed with 3 conflicts: conflicts with "a":\n- .spec.flag\nconflicts with "b":\n- .spec.count\n- .spec.text',
      },
    )
  })

  it('writes the time of who changed something, and of nobody else', () => {
    const one = applied(undefined, thing({ text: 'x' }), 'a')
    const later = nowMs + 3_600_000
    const two = applied(one, thing({ count: 1 }), 'b', { nowMs: later })
    assert.deepEqual(
      entriesOf(two).map(({ manager, time }) => [manager, time]),
      [
        ['a', '2026-11-21T12:00:00Z'],
        ['b', '2026-11-21T13:00:00Z'],
      ],
    )
    // Who only joins an owner changed nothing, and has no time.
    const three = applied(two, thing({ text: 'x' }), 'c', { nowMs: later })
    assert.deepEqual(
      entriesOf(three).map(({ manager, time }) => [manager, time]),
      [
        ['c', undefined],
        ['a', '2026-11-21T12:00:00Z'],
        ['b', '2026-11-21T13:00:00Z'],
      ],
    )
  })

  it('holds what nobody was remembered for as from before the first apply', () => {
    const live = { ...thing({ text: 'x' }), metadata: { ...identity.metadata, uid: 'u' } }
    const { code, message } = fails(() => applied(live, thing({ text: 'y' }), 'a'))
    assert.equal(code, 409)
    assert.match(message, /^Apply failed with 1 conflict: conflict with "before-first-apply" using/)
  })

  it('survives what no schema allows', () => {
    const deep = (levels: number): unknown =>
      levels === 0 ? 'x' : { child: deep(levels - 1), list: [levels] }
    const odd = JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{"y":2}}}')
    const object = applied(undefined, thing({ any: { odd, deep: deep(60) } }), 'a')
    assert.equal(
      JSON.stringify((object['spec'] as { any: { odd: object } }).any.odd),
      JSON.stringify(odd),
    )
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
    assert.deepEqual(applied(object, thing({ any: { odd, deep: deep(60) } }), 'a'), object)
    for (const spec of [7, 'x', [], { ports: 7 }, { ports: [[]] }, { tags: { a: 1 } }]) {
      const { code } = fails(() => applied(undefined, thing(spec as object), 'a'))
      assert.equal(code, 500)
    }
    for (const metadata of [7, 'x', [], null]) {
      const config = { ...identity, metadata }
      try {
        applied(undefined, config, 'a')
      } catch (thrown) {
        assert.ok(isApiError(thrown), String(thrown))
      }
    }
  })

  it('says what does not fit in the words of a kube-apiserver', () => {
    const unfit: [object, string][] = [
      [{ nope: 1 }, '.spec.nope: field not declared in schema'],
      [{ text: 1 }, '.spec.text: expected string, got &value.valueUnstructured{Value:1}'],
      [{ count: 'x' }, '.spec.count: expected numeric (int or float), got string'],
      [{ flag: 'x' }, '.spec.flag: expected boolean, got &{x}'],
      [{ labels: 'y' }, '.spec.labels: expected map, got &{y}'],
      [{ plain: { a: 1 } }, '.spec.plain: expected list, got &{map[a:1]}'],
      [{ tags: ['a', 'a'] }, '.spec.tags: duplicate entries for key [="a"]'],
      [
        { ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] },
        '.spec.ports: duplicate entries for key [port=1,protocol="TCP"]',
      ],
      [
        { tags: [null] },
        ".spec.tags: element 0: associative list without keys has an element that's an explicit null",
      ],
      [
        { count: 'x', labels: 'y' },
        'errors:\n  .spec.count: expected numeric (int or float), got string\n  .spec.labels: expected map, got &{y}',
      ],
    ]
    for (const [spec, words] of unfit)
      assert.deepEqual(
        fails(() => applied(undefined, thing(spec), 'a')),
        {
          code: 500,
          message: `failed to create typed patch object (default/thing; peer.skerry.dev/v1, Kind=Thing): ${words}`,
        },
      )
    const wrong: [object, string][] = [
      [{ apiVersion: 'peer.skerry.dev/v2' }, 'invalid object type: peer.skerry.dev/v2, Kind=Thing'],
      [{ apiVersion: 'v1' }, 'invalid object type: /v1, Kind=Thing'],
      [{ apiVersion: undefined, kind: undefined }, 'invalid object type: /, Kind='],
      [{ metadata: { managedFields: [] } }, 'metadata.managedFields must be nil'],
    ]
    for (const [part, message] of wrong)
      assert.deepEqual(
        fails(() => applied(undefined, { ...thing({}), ...part }, 'a')),
        { code: 400, message },
      )
  })

  it('keeps what kubectl looks for, unless it is too long', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
    const live = applied(
      undefined,
      thing({ text: 'x' }, { annotations: { [annotation]: '{}' } }),
      'c',
    )
    const short = applied(live, thing({ count: 1 }), 'kubectl')
    assert.equal(
      short.metadata.annotations?.[annotation],
      '{"apiVersion":"peer.skerry.dev/v1","kind":"Thing","metadata":{"name":"thing","namespace":"default"},"spec":{"count":1}}\n',
    )
    const long = applied(live, thing({ labels: { a: 'x'.repeat(300_000) } }), 'kubectl')
    assert.equal(long.metadata.annotations?.[annotation], undefined)
    const other = applied(live, thing({ count: 1 }), 'other')
    assert.equal(other.metadata.annotations?.[annotation], '{}')
  })

  it('takes a moment for long lists', () => {
    const ports = Array.from({ length: 1_000 }, (_, port) => ({ port, protocol: 'TCP' }))
    const tags = Array.from({ length: 1_000 }, (_, n) => `tag-${n}`)
    const one = applied(undefined, thing({ ports, tags }), 'a')
    const two = applied(one, thing({ ports: ports.toReversed(), tags: tags.toReversed() }), 'b')
    const spec = applied(two, thing({ ports: ports.slice(10) }), 'a')['spec']
    assert.equal((spec as { ports: unknown[] }).ports.length, 1_000)
  })
})
