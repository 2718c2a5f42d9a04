import type { Difference } from './row.ts'

/** Where the hub answers otherwise on purpose, by the name of the row. */
type Reasons = Readonly<Record<string, readonly Difference[]>>

/** The whole answer of a step: another code, and so another body. */
const whole = (step: number, why: string): readonly Difference[] => [
  { at: `${step}.code`, why },
  { at: `${step}.body`, why },
]
/** The rows of one subject that differ in one place for one reason. */
const each = (
  about: string,
  names: readonly string[],
  differences: readonly Difference[],
): Reasons => Object.fromEntries(names.map((name) => [`${about}: ${name}`, differences]))

const patchedBody =
  'Kubernetes answers 422 and repeats the whole patched object in the message; the hub answers as it does for the same body in a POST.'
const textPage =
  'Kubernetes answers with a page of text; the hub with a Status that clients can read.'
const noProtobuf =
  'The hub answers in JSON and YAML alone; every client that asks for protobuf takes JSON too.'
const earlierEnd =
  'Kubernetes hands out a token at the very end of a selected list, which leads to an empty page; the hub knows that it is the end.'
const head = 'HEAD is answered as GET without its body, as HTTP has it.'
const discoveryMethod =
  'Kubernetes answers discovery whatever the method is; the hub says that the method is not allowed.'
const lenientShape = 'What is meant is plain, so the hub answers in the shape that fits.'
const yamlWords = 'Another parser of YAML, with other words and the place of the mistake.'
const finalizersOwner =
  'spec.finalizers and the label of its name are the hub’s in every namespace, and nobody is told as their manager.'
const eventOwners =
  'Events of both groups are kept in one shape, and managedFields name the fields of that shape.'
const ownShape = 'Old clients ask for meta.k8s.io/v1beta1; the hub speaks v1 alone.'
const depth = 'The hub takes bodies up to 100 levels deep; no schema goes deeper than 20.'

export const differences: Reasons = {
  ...each(
    'create',
    ['with a resourceVersion'],
    whole(0, 'Kubernetes answers 500; the hub sets the version itself, whatever was sent.'),
  ),
  ...each('read', ['an object by HEAD'], whole(1, head)),
  ...each('read', ['a list by HEAD'], whole(0, head)),
  'read: an object by a name with NUL': [
    {
      at: '0.body.message',
      why: 'Kubernetes writes the NUL of the message in the way of Go, the hub in the way of JSON.',
    },
  ],
  'read: an object by a name that is no percent encoding': [
    { at: '0.headers', why: textPage },
    { at: '0.body', why: textPage },
  ],
  ...each('read', ['an object as a list of metadata'], whole(1, lenientShape)),
  ...each('read', ['a list as one object of metadata'], whole(3, lenientShape)),
  'read: a page and the next': [{ at: '4.body.metadata.continue', why: earlierEnd }],
  'read: a page that ends the list': [{ at: '3.body.metadata.continue', why: earlierEnd }],
  'read: a page after a word': [
    { at: '0.body.message', why: 'Tokens are the server’s own; only that this is none matters.' },
  ],
  ...each(
    'update',
    ['with a version that is no number'],
    whole(
      1,
      'Kubernetes answers 500; to the hub a version that is not the stored one is a conflict, whatever it looks like.',
    ),
  ),
  'update: with another uid': [
    {
      at: '1.body.message',
      why: 'Kubernetes tells of its storage; the hub says the same without it.',
    },
  ],
  ...each(
    'update',
    ['with a deletion time'],
    whole(1, 'Kubernetes refuses; the hub keeps its own time of deletion, whatever was sent.'),
  ),
  'update: of what is being deleted': [
    { at: '3.body.details.causes', why: 'Kubernetes names the cause twice.' },
  ],
  ...each(
    'patch',
    [
      'json of the kind',
      'merge of another kind',
      'merge of a wrong type',
      'merge of a field nobody knows, strictly',
    ],
    whole(1, patchedBody),
  ),
  'patch: apply of no YAML': [{ at: '0.body.message', why: yamlWords }],
  'delete: asking for the object': [
    { at: '1.body', why: '`Prefer: return=representation` is an addition of the hub.' },
  ],
  'watch: what happened since, as yaml': [{ at: '2.body.yaml.message', why: noProtobuf }],
  'watch: from the future': [
    {
      at: '0.events',
      why: 'Kubernetes waits for the version; the hub says at once that it is not there yet, since it is one from before a restore: a client lists again.',
    },
  ],
  'watch: of one object': [
    {
      at: '2.events',
      why: 'Kubernetes ignores `watch` on a single object; the hub watches that object.',
    },
  ],
  ...each(
    'watch',
    ['of one object, the old way', 'of a list, the old way'],
    whole(
      2,
      '`/api/v1/watch/...` is deprecated since 1.11 and asked for by no client that we know.',
    ),
  ),
  ...each('watch', ['accepts protobuf only'], whole(1, noProtobuf)),
  ...each(
    'namespace',
    ['whose status is changed'],
    whole(
      1,
      'Conditions of a namespace are whole conditions in the hub, with reason, message and time.',
    ),
  ),
  ...each(
    'namespace',
    ['deleted that every cluster needs'],
    whole(
      0,
      'The hub makes the namespace `default` alone; kube-system is there when somebody makes it, and cannot be deleted then.',
    ),
  ),
  ...each(
    'namespace',
    ['with finalizers of its own', 'with a generated name'],
    [{ at: '0.body.metadata.managedFields', why: finalizersOwner }],
  ),
  'namespace: whose finalizers are changed': [
    { at: '1.body.metadata.managedFields', why: finalizersOwner },
  ],
  'namespace: deleted and held': [{ at: '1.body.metadata.managedFields', why: finalizersOwner }],
  'namespace: deleted twice': [{ at: '2.body.metadata.managedFields', why: finalizersOwner }],
  'namespace: that is there from the start': [
    { at: '0.body.metadata.managedFields', why: 'What the hub makes for itself has no manager.' },
  ],
  'event: new, whole': [
    { at: '0.body.metadata.managedFields', why: eventOwners },
    { at: '1.body.metadata.managedFields', why: eventOwners },
    { at: '2.body.metadata.managedFields', why: eventOwners },
  ],
  'event: new, by its object': [{ at: '1.body.items[0].metadata.managedFields', why: eventOwners }],
  'document: of the core versions': [
    {
      at: '0.body.serverAddressByClientCIDRs',
      why: 'The hub does not tell clients another address than the one they use.',
    },
  ],
  ...each('document', ['of the core versions by HEAD'], whole(0, head)),
  'document: a check without the checks that matter': [
    { at: '0.body', why: 'Each server has its own checks.' },
  ],
  'document: openapi below nothing': [
    { at: '0.headers.content-type', why: textPage },
    { at: '0.body', why: textPage },
  ],
  'document: openapi v3 of a group that is not there': [
    { at: '0.headers.content-type', why: textPage },
    { at: '0.body', why: textPage },
  ],
  'secret: of TLS': [
    { at: '0.headers.warning', why: 'The hub does not read certificates in secrets.' },
  ],
  ...each(
    'lease',
    ['with a strategy', 'with a preferred holder'],
    [
      {
        at: '0.body.spec',
        why: 'Kubernetes drops the field while its feature is off; the hub keeps it and does nothing with it.',
      },
    ],
  ),
  'event: new, changed': [
    ...whole(
      1,
      'Kubernetes refuses changes of events by the newer group; the hub takes them as it does by the older.',
    ),
    { at: '2.body.note', why: 'Follows from the step before.' },
    { at: '2.body.metadata.managedFields', why: eventOwners },
  ],
  'body: YAML that is wrong': [{ at: '0.body.message', why: yamlWords }],
  ...each(
    'body',
    ['YAML with a key twice', 'YAML of two documents'],
    whole(
      0,
      'Kubernetes takes one of the two, with or without a warning; the hub says that there are two.',
    ),
  ),
  ...each('body', ['100 levels deep'], whole(0, depth)),
  'body: 10001 levels deep': [{ at: '0.body.message', why: depth }],
  'body: with a number that is huge': [
    { at: '0.body.message', why: 'The digits of a number that no double holds are not kept.' },
  ],
  ...each(
    'field validation',
    ['twice, by default', 'twice, ignored'],
    [
      {
        at: '0.body.data',
        why: 'Kubernetes puts maps that stand twice together; in the hub the last one counts.',
      },
      { at: '0.body.metadata.managedFields', why: 'Follows from the data.' },
    ],
  ),
  ...each(
    'path',
    ['nothing', 'a group that is not there'],
    [
      { at: '0.headers.content-type', why: textPage },
      { at: '0.body', why: textPage },
    ],
  ),
  ...each('path', ['DELETE of discovery', 'POST to discovery'], whole(0, discoveryMethod)),
  ...each(
    'path',
    ['the proxy of nothing'],
    whole(0, 'There is no such path; Kubernetes answers 500.'),
  ),
  ...each(
    'accept',
    ['any application', 'text', 'html', 'an unknown type', 'CBOR', 'nonsense'],
    [{ at: '1.body.message', why: noProtobuf }],
  ),
  ...each(
    'accept',
    [
      'a table of a version that is not there',
      'a table of another group',
      'a table without a group',
      'another shape',
    ],
    [{ at: '1.body.message', why: noProtobuf }],
  ),
  ...each(
    'accept',
    ['text of an error', 'a table of discovery'],
    [{ at: '0.body.message', why: noProtobuf }],
  ),
  ...each('accept', ['a table of v1beta1'], whole(1, ownShape)),
}
