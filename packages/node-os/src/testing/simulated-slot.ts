import type { SlotName } from '@skerry/api/os/os-layout'
import { OsDiskError, type SlotDevice } from '../upgrade/os-host.ts'
import type { Fate, Power } from './power.ts'

const sectorBytes = 512

/** A partition that keeps only what was synced; of the rest any sector may be there or not. */
export type SimulatedSlot = SlotDevice & {
  readonly bytes: Uint8Array
  afterPowerCut(fate: Fate, power: Power): SimulatedSlot
  /** The disk fails: reads or writes of this block reject, or give back something else. */
  breakAt(offset: number, how: SlotFault): void
  /** What lies there is not what was written; it can be written anew. */
  decayAt(offset: number): void
}

export type SlotFault = 'ReadError' | 'WriteError' | 'Decay'

export function createSimulatedSlot(
  name: SlotName,
  content: Uint8Array,
  power: Power,
  ignoresSync = false,
): SimulatedSlot {
  const bytes = Buffer.from(content)
  const durable = Buffer.from(content)
  const dirty = new Set<number>()
  const faults = new Map<SlotFault, number>()
  const isBroken = (how: SlotFault, offset: number, sizeBytes: number): boolean => {
    const at = faults.get(how)
    return at !== undefined && at >= offset && at < offset + sizeBytes
  }
  const assertInside = (offset: number, sizeBytes: number): void => {
    if (offset + sizeBytes > bytes.length)
      throw new OsDiskError(`${name} has ${bytes.length} bytes and not ${offset + sizeBytes}.`)
  }
  return {
    name,
    device: `vda${name.charCodeAt(5) - 95}`,
    sizeBytes: bytes.length,
    bytes,
    breakAt: (offset, how) => void faults.set(how, offset),
    decayAt(offset) {
      for (const each of [bytes, durable]) each[offset]! ^= 1
    },
    open: async () => ({
      async read(offset, sizeBytes) {
        await power.look()
        assertInside(offset, sizeBytes)
        if (isBroken('ReadError', offset, sizeBytes))
          throw new OsDiskError(`${name} cannot be read at ${offset} (EIO).`)
        const found = Buffer.from(bytes.subarray(offset, offset + sizeBytes))
        if (isBroken('Decay', offset, sizeBytes)) found[faults.get('Decay')! - offset]! ^= 1
        return found
      },
      async write(offset, added) {
        await power.tick()
        assertInside(offset, added.length)
        if (isBroken('WriteError', offset, added.length))
          throw new OsDiskError(`${name} cannot be written at ${offset} (EIO).`)
        bytes.set(added, offset)
        const end = offset + added.length
        for (let at = Math.floor(offset / sectorBytes); at * sectorBytes < end; at += 1)
          dirty.add(at)
      },
      async sync() {
        await power.tick()
        if (ignoresSync) return
        durable.set(bytes)
        dirty.clear()
      },
      async [Symbol.asyncDispose]() {},
    }),
    afterPowerCut(fate, next) {
      const found = Buffer.from(durable)
      for (const sector of dirty) {
        const start = sector * sectorBytes
        if (fate.survives()) found.set(bytes.subarray(start, start + sectorBytes), start)
      }
      return createSimulatedSlot(name, found, next, ignoresSync)
    },
  }
}
