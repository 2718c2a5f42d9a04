import { type ObjectOf, defineKind } from '../kind.ts'
import { conditionsSchema } from '../object.ts'
import type { Problem } from '../problem.ts'
import { integer, listByKey, object, optional, string } from '../schema.ts'
import { type Layer, layerSchema, layerTypes, resolvedLayerSchema } from './layer.ts'

/** A named stack of typed layers. */
export const profileKind = defineKind({
  kind: 'Profile',
  plural: 'profiles',
  description: 'A named stack of typed layers. Each change makes a new ProfileRevision.',
  schema: object(
    {
      spec: object(
        { layers: listByKey(layerSchema, 'name', 'The stack, lowest first.') },
        'What runs.',
      ),
      status: optional(
        object(
          {
            head: optional(string('Name of the newest ProfileRevision.')),
            observedGeneration: optional(integer('The generation that head was made from.')),
            conditions: conditionsSchema,
          },
          'What was made of it.',
        ),
      ),
    },
    'A profile.',
  ),
  columns: [
    { name: 'Head', type: 'string', path: '.status.head', description: 'Newest revision.' },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  statusOwners: { head: 'profile', observedGeneration: 'profile', conditions: 'profile' },
  validate: (profile) => profile.spec.layers.flatMap(layerProblems),
})
export type Profile = ObjectOf<typeof profileKind>

function layerProblems(layer: Layer, index: number): Problem[] {
  const path = `spec.layers[${index}]`
  const problems: Problem[] = []
  if (layer[layer.type] === undefined)
    problems.push({
      path: `${path}.${layer.type}`,
      type: 'Required',
      message: `a layer of type ${layer.type} says here what to run`,
    })
  for (const other of layerTypes)
    if (other !== layer.type && layer[other] !== undefined)
      problems.push({
        path: `${path}.${other}`,
        type: 'Forbidden',
        message: `not allowed in a layer of type ${layer.type}: remove it`,
      })
  return [...problems, ...workloadProblems(layer, `${path}.workload`)]
}

/** What no operating system can start is refused here, and not found out at ten thousand sites. */
function workloadProblems({ workload }: Layer, path: string): Problem[] {
  const { command = [], environment = {} } = workload ?? {}
  const invalid = (at: string, value: string, message: string): Problem => ({
    path: `${path}.${at}`,
    type: 'Invalid',
    value,
    message,
  })
  const texts = [
    ...command.map((word, index) => [`command[${index}]`, word] as const),
    ...Object.entries(environment).map(([name, value]) => [`environment.${name}`, value] as const),
  ]
  return [
    ...(command[0] === '' ? [invalid('command[0]', '', 'must name a program')] : []),
    ...texts
      .filter(([, text]) => text.includes('\0'))
      .map(([at, text]) => invalid(at, text, 'must not hold the character U+0000')),
    ...Object.keys(environment)
      .filter((name) => name === '' || /[=\0]/.test(name))
      .map((name) =>
        invalid('environment', name, 'names must have a character, and neither = nor U+0000'),
      ),
  ]
}

/** An immutable, content-addressed version of a Profile. */
export const profileRevisionKind = defineKind({
  kind: 'ProfileRevision',
  plural: 'profilerevisions',
  shortNames: ['prev'],
  description: 'An immutable version of a Profile, named by the digest of its content.',
  schema: object(
    {
      spec: object(
        {
          profile: string('The Profile that it is a version of.'),
          digest: string('SHA-256 of the canonical layers.'),
          layers: listByKey(resolvedLayerSchema, 'name', 'The stack with everything looked up.'),
        },
        'The content.',
      ),
    },
    'A revision of a profile.',
  ),
  hasStatus: false,
  columns: [
    { name: 'Profile', type: 'string', path: '.spec.profile', description: 'Of which profile.' },
    {
      name: 'Age',
      type: 'date',
      path: '.metadata.creationTimestamp',
      description: 'When it was made.',
    },
  ],
  selectableFields: ['spec.profile'],
  validate: (revision, before) =>
    before !== undefined && JSON.stringify(before.spec) !== JSON.stringify(revision.spec)
      ? [
          {
            path: 'spec',
            type: 'Forbidden',
            message: 'a ProfileRevision never changes: change the Profile, which makes a new one',
          },
        ]
      : [],
})
export type ProfileRevision = ObjectOf<typeof profileRevisionKind>
