import { type Secret, secretKind } from '@skerry/api/kinds/core'
import {
  type ServiceAccount,
  serviceAccountKind,
  serviceAccountNameAnnotation,
  serviceAccountTokenType,
  serviceAccountUidAnnotation,
} from '@skerry/api/kinds/service-account'
import { isApiError } from '@skerry/api/status'
import { type Controller, type View, keyOf, parseKey, reads } from '@skerry/controller/controller'

export type SecretTokenOrder = {
  readonly namespace: string
  readonly secretName: string
  readonly account: { readonly name: string; readonly uid: string }
}

export type ServiceAccountTokenOptions = {
  /** PEM. */
  readonly rootCertificate: string
  /** Makes a token without an end, for a secret. */
  readonly signSecretToken: (order: SecretTokenOrder) => Promise<string>
}

const isTokenSecret = (secret: Secret) => secret.type === serviceAccountTokenType
const accountOf = ({ metadata }: Secret) => metadata.annotations?.[serviceAccountNameAnnotation]

/** Secrets of the type of service accounts' tokens get one, and go when their account goes. */
export function createServiceAccountTokenController(
  options: ServiceAccountTokenOptions,
): Controller {
  return {
    name: 'service-account-token',
    reads: [
      reads(secretKind, (secret) => (isTokenSecret(secret) ? [keyOf(secret)] : [])),
      reads(serviceAccountKind, ({ metadata }, cached) =>
        cached
          .list(secretKind, metadata.namespace)
          .filter((secret) => isTokenSecret(secret) && accountOf(secret) === metadata.name)
          .map(keyOf),
      ),
    ],
    owns: [],
    makes: [secretKind],
    reconcile: (key, view) => reconcileSecret(key, view, options),
  }
}

async function reconcileSecret(
  key: string,
  { state }: View,
  options: ServiceAccountTokenOptions,
): Promise<void> {
  const { namespace, name } = parseKey(key)
  const secret = await state.get(secretKind, { namespace, name })
  if (secret === undefined || !isTokenSecret(secret)) return
  if (secret.metadata.deletionTimestamp !== undefined) return
  const account = await state.get(serviceAccountKind, { namespace, name: accountOf(secret) ?? '' })
  const uid = secret.metadata.annotations?.[serviceAccountUidAnnotation]
  const isOrphan =
    account === undefined || (uid !== undefined && uid !== '' && uid !== account.metadata.uid)
  if (isOrphan) return removeSecret(state, secret)
  const filled = await filledSecret(secret, account, options)
  if (filled === undefined) return
  try {
    await state.update(secretKind, filled)
  } catch (thrown) {
    // Changed or removed meanwhile: that wakes us again.
    if (!isApiError(thrown, 'Conflict', 'NotFound')) throw thrown
  }
}

/** With everything that clients look for in it; undefined when it is all there. */
async function filledSecret(
  secret: Secret,
  account: ServiceAccount,
  { rootCertificate, signSecretToken }: ServiceAccountTokenOptions,
): Promise<Secret | undefined> {
  const { name, namespace = '' } = secret.metadata
  const { uid } = account.metadata
  const { token = '' } = secret.data ?? {}
  const data = {
    ...secret.data,
    'ca.crt': base64(rootCertificate),
    namespace: base64(namespace),
    token:
      token === ''
        ? base64(
            await signSecretToken({
              namespace,
              secretName: name,
              account: { name: account.metadata.name, uid },
            }),
          )
        : token,
  }
  const { annotations } = secret.metadata
  const isRight =
    annotations?.[serviceAccountUidAnnotation] === uid &&
    Object.entries(data).every(([key, value]) => secret.data?.[key] === value)
  if (isRight) return undefined
  const metadata = {
    ...secret.metadata,
    annotations: { ...annotations, [serviceAccountUidAnnotation]: uid },
  }
  return { ...secret, metadata, data }
}

async function removeSecret(state: View['state'], { metadata }: Secret): Promise<void> {
  try {
    await state.delete(secretKind, metadata, { preconditions: { uid: metadata.uid } })
  } catch (thrown) {
    if (!isApiError(thrown, 'NotFound', 'Conflict')) throw thrown
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
