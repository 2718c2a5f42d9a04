import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { runProgram } from '../tools/run-program.ts'
import { InitrdError } from './initrd-error.ts'
import type { Unpack } from './kernel-modules.ts'
import { initrdFileBytesMax, unpackMs } from './limits.ts'

const bounds = { maxOutputLength: initrdFileBytesMax }

/**
 * Unpacks kernel modules: busybox' insmod reads none that are packed, and the initrd is smaller when it is packed
 * as a whole. `busybox` is the static one that goes into the initrd, which also knows xz.
 */
export function moduleUnpacker(busybox: string): Unpack {
  return async (name, bytes) => {
    try {
      if (name.endsWith('.xz')) return await unxz(busybox, bytes)
      if (name.endsWith('.zst')) return await promisify(zstdDecompress)(bytes, bounds)
      if (name.endsWith('.gz')) return await promisify(gunzip)(bytes, bounds)
      return bytes
    } catch (error) {
      throw new InitrdError(
        `the kernel module ${name} cannot be unpacked: fetch its package again`,
        {
          cause: error,
        },
      )
    }
  }
}

async function unxz(busybox: string, bytes: Uint8Array): Promise<Buffer> {
  const program = {
    command: [busybox, 'xz', '-dc'],
    environment: {},
    stdin: bytes,
    stdoutBytesMax: initrdFileBytesMax,
  }
  const { stdout } = await runProgram(program, AbortSignal.timeout(unpackMs))
  return stdout
}
