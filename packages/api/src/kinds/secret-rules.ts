import { equalJson } from '@skerry/base/json'
import type { KubeObject } from '../object.ts'
import type { Problem } from '../problem.ts'
import { scanJson } from '../scan-json.ts'
import {
  base64Bytes,
  dataKeyProblems,
  dataSizeProblems,
  immutabilityProblems,
} from './data-rules.ts'

export type SecretBody = {
  readonly type: string
  readonly data?: Record<string, string>
  readonly immutable?: boolean
}
type SecretObject = SecretBody & Pick<KubeObject, 'metadata'>

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Kubernetes' rules for secrets: what each type must hold, and what may not change. */
export function secretProblems(secret: SecretObject, before?: SecretObject): Problem[] {
  const isDataChanged = !equalJson(before?.data ?? {}, secret.data ?? {})
  return [
    ...dataKeyProblems('data', secret.data),
    ...Object.entries(secret.data ?? {})
      .filter(([, value]) => !base64Pattern.test(value))
      .map(([key]): Problem => ({
        path: `data[${key}]`,
        type: 'Invalid',
        message: 'must be base64',
      })),
    ...dataSizeProblems('data', base64Bytes(secret.data)),
    ...typeProblems(secret),
    ...(before === undefined || before.type === secret.type
      ? []
      : [
          {
            path: 'type',
            type: 'Invalid' as const,
            value: secret.type,
            message: 'field is immutable',
          },
        ]),
    ...immutabilityProblems(before, secret, isDataChanged ? ['data'] : []),
  ]
}

const required = (path: string): Problem => ({ path, type: 'Required', message: '' })

function typeProblems({ type, data = {}, metadata }: SecretObject): Problem[] {
  const missing = (...keys: string[]): Problem[] =>
    keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`))
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = 'kubernetes.io/service-account.name'
      const isNamed = (metadata.annotations?.[name] ?? '') !== ''
      return isNamed ? [] : [required(`metadata.annotations[${name}]`)]
    }
    case 'kubernetes.io/dockercfg':
      return jsonProblems('.dockercfg', data)
    case 'kubernetes.io/dockerconfigjson':
      return jsonProblems('.dockerconfigjson', data)
    case 'kubernetes.io/basic-auth': {
      const problems = missing('username', 'password')
      return problems.length === 2 ? problems : []
    }
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [required('data[ssh-privatekey]')] : []
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key')
    default:
      return []
  }
}

function jsonProblems(key: string, data: Readonly<Record<string, string>>): Problem[] {
  const path = `data[${key}]`
  const value = Object.hasOwn(data, key) ? data[key]! : undefined
  if (value === undefined) return [required(path)]
  if (!base64Pattern.test(value)) return []
  const bytes = Uint8Array.from(atob(value), (char) => char.charCodeAt(0))
  const scan = scanJson(new TextDecoder().decode(bytes))
  return scan.ok
    ? []
    : [{ path, type: 'Invalid', value: '<secret contents redacted>', message: scan.problem }]
}
