import { dirname } from 'node:path/posix'
import { gunzipSync } from 'node:zlib'
import type { FileEntry } from '../cloud-config/step-keys.ts'
import { parseLines } from './account-files.ts'
import { unpackedBytesMax } from './limits.ts'
import { type Owner, type StageHost, readText, rootOwned } from './stage-host.ts'
import { type StepRun, attempt, rendered } from './step-run.ts'

export function applyDirectories(run: StepRun): void {
  for (const { at, value } of run.step.directories ?? [])
    attempt(run, at, value.path, () => {
      run.host.makeDirectory(value.path, {
        mode: value.permissions ?? 0o755,
        uid: value.owner ?? 0,
        gid: value.group ?? 0,
      })
    })
}

export function applyFiles(run: StepRun): void {
  for (const { at, value } of run.step.files ?? [])
    attempt(run, at, value.path, () => {
      const decoded = decode(value)
      const content = typeof decoded === 'string' ? rendered(run, at, decoded) : decoded
      const owner = ownerOf(run.host, value)
      if (typeof owner === 'string')
        return run.problem(at, `${value.path} is not written: ${owner}`)
      run.host.makeDirectory(dirname(value.path), rootOwned(0o755))
      run.host.write(value.path, content, owner)
    })
}

/** Text has templates; what was encoded is taken as bytes. */
function decode({ content = '', encoding = '' }: FileEntry): string | Uint8Array {
  if (encoding === '' || encoding === 'text/plain') return content
  const isBase64 = /b64|base64/.test(encoding)
  const text = content.replace(/\s/g, '')
  if (isBase64 && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error('its content is not base64')
  const bytes = isBase64 ? Buffer.from(text, 'base64') : Buffer.from(content, 'latin1')
  if (!encoding.startsWith('gz')) return bytes
  try {
    return gunzipSync(bytes, { maxOutputLength: unpackedBytesMax })
  } catch {
    throw new Error(`its content is not gzip, or is more than ${unpackedBytesMax} bytes unpacked`)
  }
}

/** Owner and rights, or why they cannot be found. */
function ownerOf(host: StageHost, file: FileEntry): Owner | string {
  const mode = file.permissions ?? 0o644
  if (file.owner_string === undefined || file.owner_string === '')
    return { mode, uid: file.owner ?? 0, gid: file.group ?? 0 }
  const [user = '', group] = file.owner_string.split(':')
  const account = parseLines(readText(host, '/etc/passwd') ?? '').find(
    (line) => line[0] === user || line[2] === user,
  )
  const uid = account === undefined && /^\d+$/.test(user) ? user : account?.[2]
  if (uid === undefined) return `there is no user ${user}`
  if (group === undefined || group === '')
    return { mode, uid: Number(uid), gid: Number(account?.[3] ?? uid) }
  const found = parseLines(readText(host, '/etc/group') ?? '').find(
    (line) => line[0] === group || line[2] === group,
  )
  const gid = found === undefined && /^\d+$/.test(group) ? group : found?.[2]
  return gid === undefined
    ? `there is no group ${group}`
    : { mode, uid: Number(uid), gid: Number(gid) }
}
