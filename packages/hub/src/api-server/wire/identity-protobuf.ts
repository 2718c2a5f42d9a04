import type { Field, Message } from './protobuf-reader.ts'

const text = (name: string): Field => ({ name, type: 'string' })
const texts = (name: string): Field => ({ name, type: 'string', shape: 'list' })
const bytes = (name: string): Field => ({ name, type: 'bytes' })
const integer = (name: string): Field => ({ name, type: 'integer' })
const time = (name: string): Field => ({ name, type: 'seconds' })
const message = (name: string, type: Message): Field => ({ name, type })

/** What a server alone writes is left out: it is not read. */
const signingRequestSpec: Message = {
  1: bytes('request'),
  5: texts('usages'),
  7: text('signerName'),
  8: integer('expirationSeconds'),
}

const signingRequestCondition: Message = {
  1: text('type'),
  2: text('reason'),
  3: text('message'),
  4: time('lastUpdateTime'),
  5: time('lastTransitionTime'),
  6: text('status'),
}

/** The kinds about identities, as typed clients send them: `kubectl create token` does. */
export function identityMessages(
  metadata: Field,
  objectReference: Message,
): Readonly<Record<string, Message>> {
  return {
    'v1/ServiceAccount': {
      1: metadata,
      2: { name: 'secrets', type: objectReference, shape: 'list' },
      3: { name: 'imagePullSecrets', type: { 1: text('name') }, shape: 'list' },
      4: { name: 'automountServiceAccountToken', type: 'boolean' },
    },
    'authentication.k8s.io/v1/TokenRequest': {
      1: metadata,
      2: message('spec', {
        1: texts('audiences'),
        3: message('boundObjectRef', {
          1: text('kind'),
          2: text('apiVersion'),
          3: text('name'),
          4: text('uid'),
        }),
        4: integer('expirationSeconds'),
      }),
    },
    'authentication.k8s.io/v1/TokenReview': {
      1: metadata,
      2: message('spec', { 1: text('token'), 2: texts('audiences') }),
    },
    'authentication.k8s.io/v1/SelfSubjectReview': { 1: metadata },
    'certificates.k8s.io/v1/CertificateSigningRequest': {
      1: metadata,
      2: message('spec', signingRequestSpec),
      3: message('status', {
        1: { name: 'conditions', type: signingRequestCondition, shape: 'list' },
        2: bytes('certificate'),
      }),
    },
  }
}
