import type { TrustedKey } from '@skerry/api/envelope'
import type { ImageSource, OsMachine } from '@skerry/node-os/upgrade/os-machine'
import type { Pulse } from './pulse.ts'

/** What only a machine has whose operating system is an image; `Host` lacks it elsewhere. */
export type ImageMachine = {
  readonly os: OsMachine
  /** Whose signatures on images count; they come with the running image. */
  readonly trustedKeys: readonly TrustedKey[]
  /** Where images are looked for before the hub is asked. */
  readonly shelves: readonly ImageShelf[]
  readonly probes: HealthProbes
  /** What the configuration of the machine asks to be well, beside what the site spec asks. */
  readonly checks: readonly UserCheck[]
  readonly services: readonly string[]
  /** The kernel's identity of this boot. */
  readonly bootId: string
  /** Milliseconds since the kernel started: an agent that starts again does not begin a trial anew. */
  uptimeMs(): number
  /** One line on the machine's console: whoever stands before it sees what happens. */
  say(line: string): void
  /** What the watchdog wants to see turning. */
  readonly pulse: Pulse
}

/** A command that must end with exit code 0. */
export type UserCheck = {
  readonly name: string
  readonly command: readonly string[]
  readonly limitMs: number
}

/** A directory with an OCI layout, on this disk or on a stick. */
export type ImageShelf = ImageSource & { has(digest: string): Promise<boolean> }

/** Each says what is not well, as a sentence, or nothing. */
export type HealthProbes = {
  network(): Promise<string | undefined>
  service(name: string): Promise<string | undefined>
  /** Whether the model server behind this port of 127.0.0.1 answers. */
  model(port: number): Promise<string | undefined>
}
