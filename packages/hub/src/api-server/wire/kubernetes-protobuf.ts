import { badRequest } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import { accessMessages } from './access-protobuf.ts'
import { identityMessages } from './identity-protobuf.ts'
import { type Field, type Message, readMessage } from './protobuf-reader.ts'

/**
 * Kubernetes' own kinds as `kubectl create namespace` and its kin send them: typed clients write
 * protocol buffers and do not fall back to JSON. Field numbers are those of k8s.io/api's
 * generated.proto, which never change.
 */
export const protobufType = 'application/vnd.kubernetes.protobuf'

const magic = [0x6b, 0x38, 0x73, 0x00]

const text = (name: string): Field => ({ name, type: 'string' })
const texts = (name: string): Field => ({ name, type: 'string', shape: 'list' })
const textMap = (name: string): Field => ({ name, type: 'string', shape: 'map' })
const bytesMap = (name: string): Field => ({ name, type: 'bytes', shape: 'map' })
const integer = (name: string): Field => ({ name, type: 'integer' })
const boolean = (name: string): Field => ({ name, type: 'boolean' })
const time = (name: string): Field => ({ name, type: 'seconds' })
const microTime = (name: string): Field => ({ name, type: 'microseconds' })
const message = (name: string, type: Message): Field => ({ name, type })

const ownerReference: Message = {
  1: text('kind'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: boolean('controller'),
  7: boolean('blockOwnerDeletion'),
}

const objectMeta: Message = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  7: integer('generation'),
  8: time('creationTimestamp'),
  9: time('deletionTimestamp'),
  10: integer('deletionGracePeriodSeconds'),
  11: textMap('labels'),
  12: textMap('annotations'),
  13: { name: 'ownerReferences', type: ownerReference, shape: 'list' },
  14: texts('finalizers'),
}
const metadata = message('metadata', objectMeta)

const objectReference: Message = {
  1: text('kind'),
  2: text('namespace'),
  3: text('name'),
  4: text('uid'),
  5: text('apiVersion'),
  6: text('resourceVersion'),
  7: text('fieldPath'),
}

const messages: Readonly<Record<string, Message>> = {
  ...identityMessages(metadata, objectReference),
  ...accessMessages(metadata),
  'v1/Namespace': {
    1: metadata,
    2: message('spec', { 1: texts('finalizers') }),
    3: message('status', { 1: text('phase') }),
  },
  'v1/Secret': {
    1: metadata,
    2: bytesMap('data'),
    3: text('type'),
    4: textMap('stringData'),
    5: boolean('immutable'),
  },
  'v1/ConfigMap': {
    1: metadata,
    2: textMap('data'),
    3: bytesMap('binaryData'),
    4: boolean('immutable'),
  },
  'v1/Event': {
    1: metadata,
    2: message('involvedObject', objectReference),
    3: text('reason'),
    4: text('message'),
    5: message('source', { 1: text('component'), 2: text('host') }),
    6: time('firstTimestamp'),
    7: time('lastTimestamp'),
    8: integer('count'),
    9: text('type'),
    10: microTime('eventTime'),
    12: text('action'),
    13: message('related', objectReference),
    14: text('reportingComponent'),
    15: text('reportingInstance'),
  },
  'coordination.k8s.io/v1/Lease': {
    1: metadata,
    2: message('spec', {
      1: text('holderIdentity'),
      2: integer('leaseDurationSeconds'),
      3: microTime('acquireTime'),
      4: microTime('renewTime'),
      5: integer('leaseTransitions'),
    }),
  },
}

const deleteOptions: Message = {
  1: integer('gracePeriodSeconds'),
  2: message('preconditions', { 1: text('uid'), 2: text('resourceVersion') }),
  3: boolean('orphanDependents'),
  4: text('propagationPolicy'),
  5: texts('dryRun'),
}

/** `runtime.Unknown`, the envelope that every object travels in. */
const envelope: Message = {
  1: message('typeMeta', { 1: text('apiVersion'), 2: text('kind') }),
  2: { name: 'raw', type: 'bytes' },
}

/** The object in a body of protocol buffers, as JSON; throws BadRequest. */
export function parseKubernetesProtobuf(body: Uint8Array): unknown {
  if (!magic.every((byte, index) => body[index] === byte))
    throw badRequest(
      `provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`,
    )
  try {
    const { typeMeta = {}, raw = '' } = readMessage(envelope, body.subarray(magic.length))
    const { apiVersion = '', kind = '' } = typeMeta as Record<string, string>
    const name = `${apiVersion}/${kind}`
    const known =
      kind === 'DeleteOptions'
        ? deleteOptions
        : Object.hasOwn(messages, name)
          ? messages[name]
          : undefined
    if (known === undefined)
      throw badRequest(`${name} is not taken as protobuf: send application/json`)
    const object = readMessage(known, Buffer.from(raw as string, 'base64'))
    return { apiVersion, kind, ...object }
  } catch (thrown) {
    if (toError(thrown).name === 'ApiError') throw thrown
    throw badRequest(`the body of the request is not protobuf: ${toError(thrown).message}`)
  }
}
