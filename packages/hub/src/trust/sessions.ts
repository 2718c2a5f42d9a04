import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import type { User } from '../api-server/authorization.ts'
import { readOrCreateKeyFile } from './key-ring-file.ts'
import { bearerCharactersMax, sessionLifeMs } from './limits.ts'

/**
 * Sessions of the console: what the cookie says, signed with a key on disk, so that they outlive a
 * restart and every hub with the same key knows them.
 */
export type Sessions = {
  /** The value of a Set-Cookie header. */
  cookieFor(identity: User): string
  /** The value of a Set-Cookie header that ends the session. */
  readonly clearedCookie: string
  /** Who the request's Cookie header says it is, if that is true and not over. */
  identityOf(cookieHeader: string | undefined): User | undefined
  /** Whether the Cookie header holds a session at all, good or bad. */
  isIn(cookieHeader: string | undefined): boolean
}

/** `__Host-`: only this host, only over TLS, only for all paths (RFC 6265bis). */
const cookieName = '__Host-skerry'
const attributes = 'Path=/; HttpOnly; Secure; SameSite=Strict'

export async function openSessions(options: {
  readonly dir: string
  readonly clock: Pick<Clock, 'now'>
}): Promise<Sessions> {
  const { clock } = options
  const text = await readOrCreateKeyFile(join(options.dir, 'session.key'), () =>
    randomBytes(32).toString('hex'),
  )
  const key = Buffer.from(text.trim(), 'hex')
  const macOf = (body: string) => createHmac('sha256', key).update(body).digest('base64url')
  return {
    cookieFor({ name, uid, groups }) {
      const claims = { name, uid, groups, untilMs: clock.now() + sessionLifeMs }
      const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
      return `${cookieName}=${body}.${macOf(body)}; Max-Age=${sessionLifeMs / 1000}; ${attributes}`
    },
    clearedCookie: `${cookieName}=; Max-Age=0; ${attributes}`,
    identityOf(cookieHeader) {
      const [body = '', mac = ''] = (cookieOf(cookieHeader) ?? '').split('.')
      const expected = Buffer.from(macOf(body))
      const given = Buffer.from(mac)
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as User & {
        untilMs: number
      }
      if (clock.now() >= claims.untilMs) return undefined
      const { name, uid, groups } = claims
      return uid === undefined ? { name, groups } : { name, uid, groups }
    },
    isIn: (cookieHeader) => cookieOf(cookieHeader) !== undefined,
  }
}

function cookieOf(header: string | undefined): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  const value = pairs
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1)
  return value !== undefined && value.length <= 4 * bearerCharactersMax ? value : undefined
}
