import { moreSequences } from './apply-more-sequences.ts'
import {
  type Sequence,
  apply,
  create,
  force,
  json,
  labels,
  merge,
  nulls,
  spec,
  thing,
  update,
} from './apply-sequence.ts'

const ownership: Sequence[] = [
  thing('apply makes an object', apply('a', spec({ text: 'x' }))),
  thing('apply twice is once', apply('a', spec({ text: 'x' })), apply('a', spec({ text: 'x' }))),
  thing('an empty apply', apply('a', {}), apply('b', {}), apply('a', spec({}))),
  thing(
    'what was applied changes',
    apply('a', spec({ text: 'x' })),
    apply('a', spec({ text: 'y' })),
  ),
  thing(
    'what is left out goes',
    apply('a', spec({ text: 'x', count: 1 })),
    apply('a', spec({ text: 'x' })),
    apply('a', {}),
  ),
  thing(
    'what others own stays',
    apply('a', spec({ text: 'x', count: 1 })),
    apply('b', spec({ count: 1 })),
    apply('a', spec({ text: 'x' })),
    apply('b', {}),
  ),
  thing(
    'a conflict, forced',
    apply('a', spec({ text: 'x' })),
    apply('b', spec({ text: 'y' })),
    force('b', spec({ text: 'y' })),
    apply('a', spec({ text: 'x' })),
  ),
  thing(
    'several conflicts with several owners',
    apply('a', spec({ text: 'x', count: 1 })),
    apply('b', spec({ flag: true })),
    merge('c', spec({ labels: { l: '1' } })),
    apply('d', spec({ text: 'y', count: 2, flag: false, labels: { l: '2' } })),
    force('d', spec({ text: 'y', count: 2, flag: false, labels: { l: '2' } })),
  ),
  thing(
    'a second owner of the same value changes nothing but the owners',
    apply('a', spec({ text: 'x' })),
    apply('b', spec({ text: 'x' })),
    apply('b', spec({ text: 'x' })),
    apply('a', spec({})),
    apply('b', spec({})),
  ),
  thing(
    'defaults belong to nobody who applies',
    apply('a', spec({ text: 'x' })),
    apply('b', spec({ mode: 'slow' })),
    apply('b', spec({ mode: 'fast' })),
    apply('b', {}),
  ),
  thing(
    'defaults belong to whoever creates',
    create('a', spec({ text: 'x' })),
    apply('b', spec({ mode: 'slow' })),
    merge('a', spec({ mode: null })),
  ),
  thing(
    'labels and annotations, key by key',
    apply('a', { metadata: { labels: { one: '1', two: '2' }, annotations: { n: 'x' } } }),
    apply('b', labels({ three: '3' })),
    apply('a', labels({ one: '1' })),
    apply('b', labels({})),
    apply('a', {}),
  ),
]

const updates: Sequence[] = [
  thing('created', create('a', spec({ text: 'x', labels: { l: '1' } }))),
  thing('created by a program', create('', spec({ text: 'x' }), { agent: 'tool/v1.2 (linux)' })),
  thing('created by a program without a name', create('', spec({ text: 'x' }), { agent: '/1' })),
  thing(
    'created by a long name',
    create('', spec({ text: 'x' }), { agent: `${'y'.repeat(200)}/1` }),
    merge('z'.repeat(129), spec({ text: 'x' })),
    merge('a\u0007"b', spec({ text: 'x' })),
  ),
  thing(
    'updates move fields',
    create('a', spec({ text: 'x', count: 1 })),
    update('b', spec({ text: 'y' })),
    update('a', spec({ text: 'z', flag: true })),
  ),
  thing(
    'removed fields leave everybody',
    create('a', spec({ text: 'x', count: 1 })),
    apply('b', spec({ text: 'x' })),
    merge('c', spec({ text: null })),
  ),
  thing(
    'an update of nothing',
    create('a', spec({ text: 'x' })),
    merge('b', spec({ text: 'x' })),
    update('b', {}),
    json('b', []),
    json('b', [{ op: 'test', path: '/spec/text', value: 'x' }]),
  ),
  thing(
    'an update takes from an applier',
    apply('a', spec({ text: 'x', count: 1 })),
    merge('b', spec({ text: 'y' })),
    apply('a', spec({ text: 'x', count: 1 })),
    apply('a', spec({ count: 1 })),
  ),
  thing(
    'managers are reset by an empty list',
    create('a', spec({ text: 'x' })),
    merge('b', { metadata: { managedFields: [] } }),
    merge('c', spec({ text: 'y' })),
    apply('d', spec({ text: 'z' })),
    force('d', spec({ text: 'z' })),
  ),
  thing(
    'managers are reset by a list of one empty entry',
    apply('a', spec({ text: 'x' })),
    merge('b', { metadata: { managedFields: [{}] } }),
    apply('a', spec({ text: 'x' })),
    apply('b', spec({ text: 'y' })),
  ),
  thing(
    'managers are not taken away by accident',
    apply('a', spec({ text: 'x' })),
    update('b', { metadata: { managedFields: null } }),
    json('b', [{ op: 'remove', path: '/metadata/managedFields' }]),
    merge('b', { metadata: { managedFields: [{ manager: 'x', operation: 'Zap' }] } }),
  ),
  thing(
    'managers are written by hand',
    apply('a', spec({ text: 'x' })),
    merge('b', {
      metadata: {
        managedFields: [
          {
            manager: 'hand',
            operation: 'Update',
            apiVersion: 'peer.skerry.dev/v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': { 'f:text': {} } },
          },
        ],
      },
    }),
    apply('a', spec({ text: 'y' })),
  ),
  thing(
    'more than ten updaters',
    // Names whose order is that of the writes, in whatever second each is made.
    create('m10', spec({ labels: { k10: '0' } })),
    ...Array.from({ length: 12 }, (_, n) =>
      merge(`m${n + 11}`, spec({ labels: { [`k${n + 11}`]: 'x' } })),
    ),
  ),
  thing(
    'finalizers',
    create('a', {
      metadata: {
        finalizers: ['x.dev/one', 'x.dev/two'],
      },
    }),
    apply('b', {
      metadata: {
        finalizers: ['x.dev/two', 'x.dev/three'],
      },
    }),
    apply('b', { metadata: { finalizers: ['x.dev/three'] } }),
    merge('c', { metadata: { finalizers: null } }),
  ),
]

const structures: Sequence[] = [
  thing(
    'a set',
    apply('a', spec({ tags: ['x', 'y'] })),
    apply('b', spec({ tags: ['z', 'x'] })),
    apply('a', spec({ tags: ['y'] })),
    apply('b', spec({ tags: [] })),
    apply('a', {}),
  ),
  thing(
    'a set of numbers, and text that needs escapes',
    apply('a', spec({ numbers: [10, 9, 100], tags: ['<b>', '"q"', 'é', 'a&b', '\u2028'] })),
    apply('b', spec({ numbers: [9, 11], tags: ['<b>'] })),
    apply('a', spec({ numbers: [100] })),
  ),
  thing(
    'a set is reordered',
    apply('a', spec({ tags: ['a', 'b', 'c', 'd'] })),
    apply('a', spec({ tags: ['d', 'b', 'a', 'c'] })),
    merge('b', spec({ tags: ['c', 'x', 'a', 'b'] })),
    apply('c', spec({ tags: ['b', 'n', 'c'] })),
  ),
  thing(
    'a list without keys is owned whole',
    apply('a', spec({ plain: ['x', 'y'] })),
    apply('b', spec({ plain: ['x'] })),
    force('b', spec({ plain: ['x'] })),
    apply('b', spec({ plain: [] })),
    apply('b', {}),
  ),
  thing(
    'a list with keys',
    apply('a', spec({ ports: [{ port: 80, name: 'web' }, { port: 443 }] })),
    apply('b', spec({ ports: [{ port: 80, protocol: 'UDP', name: 'quic' }] })),
    apply('b', spec({ ports: [{ port: 80, protocol: 'TCP', name: 'mine' }] })),
    force('b', spec({ ports: [{ port: 80, protocol: 'TCP', name: 'mine' }] })),
    apply('a', spec({ ports: [{ port: 443 }] })),
    apply('b', {}),
  ),
  thing(
    'items keep their place',
    apply('a', spec({ ports: [{ port: 1 }, { port: 2 }, { port: 3 }, { port: 4 }] })),
    apply('b', spec({ ports: [{ port: 4 }, { port: 5 }, { port: 2 }] })),
    apply('c', spec({ ports: [{ port: 9 }, { port: 1 }, { port: 8 }] })),
    apply('b', spec({ ports: [{ port: 5 }] })),
  ),
  thing(
    'fields of an item',
    create('a', spec({ ports: [{ port: 80, tags: { x: '1' } }] })),
    apply('b', spec({ ports: [{ port: 80, name: 'web', tags: { y: '2' } }] })),
    apply('b', spec({ ports: [{ port: 80 }] })),
    apply('b', spec({ ports: [] })),
    merge('c', spec({ ports: [{ port: 80, protocol: 'TCP', name: 'x' }] })),
  ),
  thing(
    'a map that is owned whole',
    apply('a', spec({ whole: { x: '1' } })),
    apply('b', spec({ whole: { y: '1' } })),
    force('b', spec({ whole: { y: '1' } })),
    apply('b', spec({ whole: {} })),
    merge('c', spec({ whole: { z: '1' } })),
  ),
  thing(
    'a map of maps',
    apply('a', spec({ maps: { m: { x: '1', y: '2' }, n: {} } })),
    apply('b', spec({ maps: { m: { z: '3' } } })),
    apply('a', spec({ maps: { m: { x: '1' } } })),
    apply('a', spec({ maps: {} })),
    apply('b', {}, nulls),
  ),
  thing(
    'nested fields',
    apply('a', spec({ nested: { a: '1' } })),
    apply('b', spec({ nested: { b: '2' } })),
    apply('a', spec({ nested: {} })),
    apply('b', {}, nulls),
  ),
  thing(
    'fields that no schema knows',
    apply('a', spec({ any: { x: { y: 1, list: [1, { k: 'v' }] }, flag: true } })),
    apply('b', spec({ any: { x: { z: 2 }, more: 'text' } })),
    apply('b', spec({ any: { x: { list: [2] } } })),
    force('b', spec({ any: { x: { list: [2] } } })),
    apply('a', spec({ any: { x: 'now a text' } })),
    force('a', spec({ any: { x: 'now a text' } })),
    merge('c', spec({ any: { x: { again: 'a map' } } })),
  ),
  thing(
    'an integer or a text',
    apply('a', spec({ size: 5 })),
    apply('b', spec({ size: '5%' })),
    force('b', spec({ size: '5%' })),
    merge('c', spec({ size: 7 })),
  ),
  thing(
    'times are compared as they are written',
    apply('a', spec({ time: '2026-01-01T00:00:00Z' })),
    apply('b', spec({ time: '2026-01-01T00:00:00.0Z' })),
  ),
  thing(
    'null values',
    apply('a', spec({ text: 'x', labels: { l: '1' }, ports: [{ port: 1 }] })),
    apply('b', spec({ labels: null })),
    apply('a', spec({ text: null, labels: { l: '1' } }), nulls),
    apply('c', { spec: null }, nulls),
  ),
  thing(
    'null metadata',
    apply('a', { metadata: { labels: null, annotations: null, creationTimestamp: null } }),
    apply('a', labels({ x: '1' })),
    apply('a', labels(null)),
  ),
  thing(
    'empty structures',
    apply('a', spec({ labels: {}, tags: [], ports: [], plain: [], nested: {}, any: {}, maps: {} })),
    merge('b', spec({ labels: { x: '1' }, tags: ['t'] })),
    apply('a', {}),
  ),
  thing(
    'an update brings duplicates into a list',
    create('a', spec({ tags: ['x'] })),
    merge('b', spec({ tags: ['x', 'x'] })),
    merge('b', spec({ ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] })),
  ),
]

/** What is asked of both servers, step by step. */
export const sequences: readonly Sequence[] = [
  ...ownership,
  ...updates,
  ...structures,
  ...moreSequences,
]
