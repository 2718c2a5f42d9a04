/** A moment of a boot: seconds since power-on by the clock, and what QEMU had used until then. */
export type Moment = { readonly clockSeconds: number; readonly processorSeconds: number }
export type Phase = Moment & { readonly phase: string }

/** What ends each phase on the console, in order. A phase whose line never comes is left out. */
const ends: readonly (readonly [phase: string, pattern: RegExp])[] = [
  ['firmware', /BdsDxe: starting/],
  ['loader and kernel', /skerry: [\d.]+ initrd started/],
  ['initrd: watchdog, verified root', /skerry: [\d.]+ root is slot-/],
  ['initrd: data partition', /skerry: [\d.]+ (data: copied|data: |waiting for)/],
  ['cloud-config', /skerry: [\d.]+ cloud-config/],
  ['init, to the agent', /skerry: the agent starts/],
  ['stages boot and network', /skerry: stage network: /],
  ['disks and slots looked at', /skerry: image \S+ \(\w+\) runs from/],
  ['enrolled', /skerry: Enrolled/],
  ['connected', /skerry: Connected/],
]

/** Collects moments as lines come; `phases` are the differences between them. */
export class PhaseClock {
  #seen = new Map<string, Moment>()

  line(text: string, moment: Moment): void {
    for (const [phase, pattern] of ends)
      if (pattern.test(text) && (phase === 'initrd: data partition' || !this.#seen.has(phase)))
        this.#seen.set(phase, moment)
  }

  end(phase: string, moment: Moment): void {
    this.#seen.set(phase, moment)
  }

  at(phase: string): Moment | undefined {
    return this.#seen.get(phase)
  }

  get phases(): Phase[] {
    let before: Moment = { clockSeconds: 0, processorSeconds: 0 }
    return [...this.#seen].map(([phase, moment]) => {
      const spent = {
        phase,
        clockSeconds: rounded(moment.clockSeconds - before.clockSeconds),
        processorSeconds: rounded(moment.processorSeconds - before.processorSeconds),
      }
      before = moment
      return spent
    })
  }
}

const rounded = (seconds: number) => Math.round(seconds * 10) / 10
