import { createCipheriv } from 'node:crypto'

/** An image that the scenarios use. All are made from one root; what is bad about them is in their words. */
export type Recipe = {
  readonly version: string
  /** Words of cloud-config that are added to the image. */
  readonly cloudConfig?: string
  readonly commandLine?: readonly string[]
  readonly watchdogSeconds?: number
  /** Scripts of the initrd, in place of ours: path -> text. */
  readonly initrd?: Readonly<Record<string, string>>
  /** The same, behind what is there. */
  readonly initrdEnd?: Readonly<Record<string, string>>
  readonly files?: readonly {
    readonly path: string
    readonly bytes: () => Uint8Array
    readonly mode?: string
  }[]
  readonly slotBytes?: string
  /** What is done to the kernel after it was built; the description is signed again, unless that is foreign. */
  readonly kernel?: 'unsigned' | 'foreign' | 'truncated' | 'flipped'
  /** The description is signed by a key that nobody knows. */
  readonly isForeign?: boolean
  readonly hasDisk?: boolean
}

const check = (command: string, timeoutSeconds = 20) =>
  `skerry:\n  checks:\n    - name: till\n      command: ${command}\n      timeoutSeconds: ${timeoutSeconds}\n`

const noRoute = `skerry:
  network:
    interfaces:
      - name: eth0
        dhcp: false
        addresses: [10.99.0.5/24]
`

/** An initrd that says that it hangs, and does. */
const hangingRoot = `open_root() {
  say "this initrd hangs"
  while :; do sleep 60; done
}
`

/** A crash when the kernel can already keep its last words. */
const panickingRoot = `open_root() {
  say "this kernel crashes"
  echo c >/proc/sysrq-trigger
}
`

/** Everything as it should be, and then the modules are of another kernel. */
const otherModules = `run_node_os() {
  mkdir /run/modules
  mount -t tmpfs none /sysroot/usr/lib/modules
  mkdir -p /sysroot/usr/lib/modules/5.0.0-other
  say "the modules are those of another kernel"
  run_ours
}
`

/** By name. Versions differ, so that a message shows which one it speaks of. */
export const recipes = {
  good1: { version: '1.0.0', hasDisk: true },
  good2: { version: '2.0.0' },
  good3: { version: '3.0.0' },
  old: { version: '0.9.0' },
  panics: { version: '2.0.1', initrd: { 'usr/lib/initrd/root.sh': panickingRoot } },
  panicsearly: { version: '2.1.5', commandLine: ['rdinit=/none'] },
  unhealthy: { version: '2.0.2', cloudConfig: check("'echo the drawer is stuck; exit 1'") },
  unsigned: { version: '2.0.3', kernel: 'unsigned' },
  foreignkernel: { version: '2.0.4', kernel: 'foreign' },
  foreignimage: { version: '2.0.5', isForeign: true },
  hangs: {
    version: '2.0.6',
    watchdogSeconds: 30,
    initrd: { 'usr/lib/initrd/root.sh': hangingRoot },
  },
  frozen: {
    version: '2.0.7',
    watchdogSeconds: 60,
    cloudConfig: check(
      "'echo PID 1 is stopped >/dev/console; setsid /usr/bin/stop-init & sleep 1'",
    ),
    files: [{ path: '/usr/bin/stop-init', bytes: stopInit, mode: '0755' }],
  },
  noroute: { version: '2.0.8', cloudConfig: noRoute },
  sickens: {
    version: '2.0.9',
    cloudConfig: check(
      "'read -r up _ </proc/uptime; [ ${up%%.*} -lt 140 ] || { echo the drawer came loose; exit 1; }'",
    ),
  },
  othermodules: { version: '2.1.0', initrdEnd: { 'usr/lib/initrd/handover.sh': otherModules } },
  truncated: { version: '2.1.1', kernel: 'truncated' },
  flipped: { version: '2.1.2', kernel: 'flipped' },
  big: { version: '2.1.3', files: [{ path: '/usr/share/film', bytes: () => noise(70 * 2 ** 20) }] },
  brokenroot: { version: '2.1.4' },
} as const satisfies Record<string, Recipe>
export type ImageName = keyof typeof recipes

/**
 * A program that stops PID 1 and stays: the kernel ignores SIGSTOP for PID 1, but not the stop of a
 * tracer, ptrace(PTRACE_ATTACH, 1). The smallest ELF file of x86-64: one header, one segment, the code.
 */
function stopInit(): Uint8Array {
  const code = Buffer.from(
    // mov eax,101; mov edi,16; mov esi,1; xor edx,edx; xor r10,r10; syscall; again: mov eax,34 (pause); syscall; jmp again
    'b865000000bf10000000be0100000031d24d31d20f05b8220000000f05ebf7',
    'hex',
  )
  const [address, headers] = [0x400000n, 64 + 56]
  const file = Buffer.alloc(headers + code.length)
  file.write('7f454c4602010100', 'hex')
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(62, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(address + BigInt(headers), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(address, 80)
  file.writeBigUInt64LE(address, 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(4096n, 112)
  code.copy(file, headers)
  return file
}

/** Bytes that nothing makes smaller, the same each time. */
function noise(bytes: number): Uint8Array {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  return cipher.update(Buffer.alloc(bytes))
}
