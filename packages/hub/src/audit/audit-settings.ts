import { resolve } from 'node:path'
import type { AuditLogOptions } from './audit-log.ts'
import { logAgeDaysMax, logBackupsMax, logMegabytesMax } from './limits.ts'

/** Where and how the audit is kept. The options have a kube-apiserver's names. */
export type AuditSettings = Pick<
  AuditLogOptions,
  'mode' | 'megabytesMax' | 'backupsMax' | 'ageDaysMax'
> & {
  /** Absent: DATA/audit/audit.log. */
  readonly path: string | undefined
  /** `audit.k8s.io/v1 Policy`; absent: changes, and reads of secrets. */
  readonly policyFile: string | undefined
}

export const defaultAuditSettings: AuditSettings = {
  path: undefined,
  policyFile: undefined,
  mode: 'batch',
  megabytesMax: logMegabytesMax,
  backupsMax: logBackupsMax,
  ageDaysMax: logAgeDaysMax,
}

export const auditArguments = {
  'audit-policy-file': { type: 'string' },
  'audit-log-path': { type: 'string' },
  'audit-log-mode': { type: 'string' },
  'audit-log-maxsize': { type: 'string' },
  'audit-log-maxbackup': { type: 'string' },
  'audit-log-maxage': { type: 'string' },
} as const

export const auditUsage = `  --audit-policy-file F   an audit.k8s.io/v1 Policy (changes, and reads of secrets)
  --audit-log-path FILE   where audit events go (DIR/audit/audit.log)
  --audit-log-mode MODE   batch: never hold a request up; blocking: never lose an event (batch)
  --audit-log-maxsize N   megabytes of a file before it is set aside (${logMegabytesMax})
  --audit-log-maxbackup N files set aside that are kept (${logBackupsMax}); 0: all
  --audit-log-maxage N    days that they are kept (${logAgeDaysMax}); 0: however old
`

type Values = { readonly [Name in keyof typeof auditArguments]?: string | undefined }

/** Throws a sentence about the option that is wrong. */
export function auditSettingsOf(values: Values): AuditSettings {
  const count = (name: keyof Values, least: number, otherwise: number): number => {
    const text = values[name]
    if (text === undefined) return otherwise
    const number = Number(text)
    if (!Number.isSafeInteger(number) || number < least)
      throw new RangeError(`--${name} ${text}: must be a whole number from ${least}`)
    return number
  }
  const mode = values['audit-log-mode'] ?? 'batch'
  if (mode !== 'batch' && mode !== 'blocking')
    throw new RangeError(`--audit-log-mode ${mode}: must be batch or blocking`)
  const file = (name: keyof Values) => {
    const text = values[name]
    return text === undefined ? undefined : resolve(text)
  }
  return {
    path: file('audit-log-path'),
    policyFile: file('audit-policy-file'),
    mode,
    megabytesMax: count('audit-log-maxsize', 1, logMegabytesMax),
    backupsMax: count('audit-log-maxbackup', 0, logBackupsMax),
    ageDaysMax: count('audit-log-maxage', 0, logAgeDaysMax),
  }
}
