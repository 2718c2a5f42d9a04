import crypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import http from 'node:http'
import http2 from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import childProcess from 'node:child_process'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import tls from 'node:tls'

type Door = readonly [owner: object, names: readonly string[], instead: string]

const doors: readonly Door[] = [
  [Date, ['now'], 'the Clock'],
  [performance, ['now'], 'the Clock'],
  [Math, ['random'], 'the Random'],
  [globalThis, ['setTimeout', 'setInterval'], 'clock.sleep'],
  [globalThis, ['fetch'], 'the network that was passed in'],
  [AbortSignal, ['timeout'], 'clock.sleep'],
  [timers, ['setTimeout', 'setInterval', 'setImmediate'], 'clock.sleep'],
  [timersPromises, ['setTimeout', 'setInterval', 'setImmediate'], 'clock.sleep'],
  [globalThis.crypto, ['randomUUID', 'getRandomValues'], 'the Random'],
  [
    crypto,
    ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync', 'generateKeyPairSync'],
    'the Random, or keys that were made before',
  ],
  [crypto, ['generateKeyPair', 'randomFill', 'pbkdf2', 'scrypt'], 'what needs no thread'],
  [
    globalThis.crypto.subtle,
    ['sign', 'verify', 'digest', 'generateKey', 'importKey', 'exportKey'],
    'what needs no thread',
  ],
  [fs, ['openSync', 'readFileSync', 'writeFileSync', 'open', 'readFile', 'writeFile'], 'the Disk'],
  [fs, ['createReadStream', 'createWriteStream', 'mkdirSync', 'renameSync'], 'the Disk'],
  [fsPromises, ['open', 'readFile', 'writeFile', 'mkdir', 'rename', 'rm', 'stat'], 'the Disk'],
  [net, ['connect', 'createConnection', 'createServer'], 'the network that was passed in'],
  [tls, ['connect', 'createServer'], 'the network that was passed in'],
  [http, ['request', 'get', 'createServer'], 'the network that was passed in'],
  [http2, ['connect', 'createServer', 'createSecureServer'], 'the network that was passed in'],
  [dgram, ['createSocket'], 'the network that was passed in'],
  [dns, ['lookup', 'resolve'], 'the network that was passed in'],
  [childProcess, ['spawn', 'fork', 'exec', 'execFile', 'spawnSync'], 'the Processes'],
]

/** Somebody reached past the doors that a simulated world holds. */
export class RealDoorUsed extends Error {
  constructor(name: string, instead: string) {
    super(
      `${name} was used in a simulated world, where no two runs of it are the same: use ${instead}`,
    )
    this.name = 'RealDoorUsed'
  }
}

/**
 * Makes real time, chance, disk, network, processes and threads throw until disposed of, so that nothing
 * in a world can depend on them unnoticed. What runs at the end of a turn runs at the end of an event.
 */
export function forbidRealDoors(atEndOfTurn: (run: () => void) => void): Disposable {
  const restore = new DisposableStack()
  // Undone in reverse order: what is exported follows when all is as it was.
  restore.defer(() => syncBuiltinESMExports())
  for (const [owner, names, instead] of doors)
    for (const name of names) {
      const ownerName = owner === globalThis ? '' : `${nameOf(owner)}.`
      replace(restore, owner, name, () => {
        throw new RealDoorUsed(`${ownerName}${name}`, instead)
      })
    }
  replace(restore, globalThis, 'setImmediate', (run: (...args: unknown[]) => void, ...args: []) =>
    atEndOfTurn(() => run(...args)),
  )
  replace(restore, globalThis, 'Date', dateWithoutNow())
  syncBuiltinESMExports()
  return { [Symbol.dispose]: () => restore.dispose() }
}

function replace(restore: DisposableStack, owner: object, name: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  restore.defer(() => {
    if (own === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, own)
  })
}

/** `Date` as it is, but for a date that is made of nothing. No proxy: dates are made all the time. */
function dateWithoutNow(): DateConstructor {
  const Real = Date
  const guarded = function (...parts: readonly unknown[]) {
    if (parts.length === 0) throw new RealDoorUsed('new Date', 'the Clock')
    return new Real(...(parts as [number]))
  }
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(Real))
  return guarded as unknown as DateConstructor
}

function nameOf(owner: object): string {
  if (owner === performance) return 'performance'
  if (owner === globalThis.crypto) return 'crypto'
  if (typeof owner === 'function') return owner.name
  return owner === Math ? 'Math' : 'node'
}
