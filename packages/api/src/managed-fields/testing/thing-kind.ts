import { defineKind } from '../../kind.ts'
import {
  anyObject,
  boolean,
  integer,
  list,
  map,
  object,
  optional,
  string,
  timestamp,
  withDefault,
} from '../../schema.ts'

const port = object(
  {
    port: integer('Number.'),
    protocol: withDefault(string('Protocol.'), 'TCP'),
    name: optional(string('Name.')),
    tags: optional(map(string('Value.'), 'Tags.')),
  },
  'A port.',
)

/** A kind with every structure that server-side apply tells apart; the peer gets it as a definition. */
export const thingKind = defineKind({
  group: 'peer.skerry.dev',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  categories: [],
  description: 'Something to apply.',
  schema: object(
    {
      spec: optional(
        object(
          {
            text: optional(string('Text.')),
            count: optional(integer('Count.')),
            flag: optional(boolean('Flag.')),
            time: optional(timestamp('Time.')),
            mode: withDefault(string('Mode.'), 'fast'),
            size: optional({ 'x-kubernetes-int-or-string': true, description: 'Size.' }),
            tags: optional(list(string('Tag.'), 'A set.', { 'x-kubernetes-list-type': 'set' })),
            numbers: optional(
              list(integer('Number.'), 'A set.', { 'x-kubernetes-list-type': 'set' }),
            ),
            plain: optional(list(string('Item.'), 'A list without keys.')),
            ports: optional(
              list(port, 'A list with two keys, one of them with a default.', {
                'x-kubernetes-list-type': 'map',
                'x-kubernetes-list-map-keys': ['port', 'protocol'],
              }),
            ),
            labels: optional(map(string('Value.'), 'A map.')),
            maps: optional(map(map(string('Value.'), 'A map.'), 'A map of maps.')),
            whole: optional(
              map(string('Value.'), 'A map that is owned whole.', {
                'x-kubernetes-map-type': 'atomic',
              }),
            ),
            any: optional(anyObject('Whatever.')),
            nested: optional(
              object({ a: optional(string('A.')), b: optional(string('B.')) }, 'Fields.'),
            ),
          },
          'What is wanted.',
        ),
      ),
      status: optional(
        object(
          {
            phase: optional(string('Phase.')),
            conditions: optional(
              list(
                object({ type: string('Type.'), status: optional(string('Status.')) }, 'One.'),
                'Conditions.',
                {
                  'x-kubernetes-list-type': 'map',
                  'x-kubernetes-list-map-keys': ['type'],
                },
              ),
            ),
          },
          'What is.',
        ),
      ),
    },
    'A thing.',
  ),
})
