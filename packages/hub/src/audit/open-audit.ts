import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { Audit } from '../api-server/audit.ts'
import { createAudit } from './audit.ts'
import { type AuditLog, openAuditLog } from './audit-log.ts'
import type { AuditPolicy } from './audit-policy.ts'
import type { AuditSettings } from './audit-settings.ts'
import { defaultAuditPolicy } from './default-policy.ts'
import { policyBytesMax } from './limits.ts'
import { parseAuditPolicy } from './parse-audit-policy.ts'

export type OpenAuditOptions = {
  readonly data: string
  readonly settings: AuditSettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Rejects with a sentence when the policy is none, or the file cannot be written. */
export async function openAudit(
  options: OpenAuditOptions,
): Promise<{ readonly audit: Audit; readonly auditLog: AuditLog }> {
  const { data, settings, clock, random, log } = options
  const policy = await readPolicy(settings.policyFile)
  const path = settings.path ?? join(data, 'audit', 'audit.log')
  const auditLog = await openAuditLog({ ...settings, path, clock, log })
  const write = (line: string): void => auditLog.write(line)
  return { auditLog, audit: createAudit({ policy, write, clock, random }) }
}

async function readPolicy(file: string | undefined): Promise<AuditPolicy> {
  if (file === undefined) return defaultAuditPolicy
  try {
    const { size } = await stat(file)
    if (size > policyBytesMax) throw new Error(`it is larger than ${policyBytesMax} bytes`)
    return parseAuditPolicy(await readFile(file, 'utf8'))
  } catch (thrown) {
    throw new Error(`--audit-policy-file ${file}: ${toError(thrown).message}`, { cause: thrown })
  }
}
