import type { Random } from '@skerry/base/random'
import { retransmitMsMax, retransmitMsMin } from '../limits.ts'
import type { Timeline } from '../time/timeline.ts'
import type { Trace } from '../trace.ts'
import type { Weather } from './weather.ts'

export type End = 'hub' | 'device'

export type WireOptions = {
  readonly timeline: Timeline
  readonly random: Random
  readonly weather: Weather
  readonly trace: Trace
  /** Whose connection it is, for the trace. */
  readonly name: string
}

type Held = { readonly to: End; readonly message: Message }

export type Message = {
  /** What it is, for the trace. */
  readonly what: string
  readonly bytes?: Uint8Array | undefined
  readonly deliver: () => void
}

/**
 * One connection, as TCP carries it: each direction keeps its order, what is lost comes late, and what is
 * sent into silence waits for the end of it. Each end learns of the other's end only if word gets through.
 */
export class Wire {
  readonly #options: WireOptions
  readonly #arrivesMs: Record<End, number> = { hub: 0, device: 0 }
  readonly #held: Held[] = []
  readonly #isEnded: Record<End, boolean> = { hub: false, device: false }
  readonly #listening: Disposable
  readonly #onEnd: Record<End, (reason: string) => void>

  constructor(options: WireOptions, onEnd: Record<End, (reason: string) => void>) {
    this.#options = options
    this.#onEnd = onEnd
    this.#listening = options.weather.onChange((sky) => {
      if (sky === 'Fair') for (const { to, message } of this.#held.splice(0)) this.send(to, message)
      if (sky === 'Cut') this.break('the network was cut')
    })
  }

  get isSilent(): boolean {
    return this.#options.weather.sky === 'Silent'
  }

  isEnded(end: End): boolean {
    return this.#isEnded[end]
  }

  send(to: End, message: Message): void {
    const { timeline, random, weather, trace, name } = this.#options
    if (this.#isEnded[to]) return
    if (weather.sky === 'Silent') return void this.#held.push({ to, message })
    const { what, bytes, deliver } = message
    const lateMs =
      weather.lossShare > 0 && random.next() < weather.lossShare
        ? retransmitMsMin + (retransmitMsMax - retransmitMsMin) * random.next()
        : 0
    const travelMs = weather.delayMs + weather.jitterMs * random.next() + lateMs
    const sizeMs = ((bytes?.length ?? 0) / weather.bytesPerSecond) * 1000
    const arrivesMs = Math.max(this.#arrivesMs[to], timeline.elapsedMs + travelMs + sizeMs)
    this.#arrivesMs[to] = arrivesMs
    timeline.after(arrivesMs - timeline.elapsedMs, () => {
      if (this.#isEnded[to]) return
      trace.note(timeline.elapsedMs, `${name} ${to} ${what}`, bytes)
      deliver()
    })
  }

  /** One end closes; the other hears of it if word gets through. */
  end(by: End, reason: string): void {
    if (this.#isEnded[by]) return
    this.#finish(by, reason)
    const other = by === 'hub' ? 'device' : 'hub'
    const deliver = () => this.#finish(other, reason)
    this.send(other, { what: 'end', deliver })
  }

  /** One end is gone without a word, as a machine without power is. */
  vanish(by: End): void {
    this.#isEnded[by] = true
    this.#listening[Symbol.dispose]()
  }

  /** Both ends are told at once. */
  break(reason: string): void {
    this.#finish('hub', reason)
    this.#finish('device', reason)
  }

  #finish(end: End, reason: string): void {
    if (this.#isEnded[end]) return
    this.#isEnded[end] = true
    this.#onEnd[end](reason)
    if (this.#isEnded.hub && this.#isEnded.device) this.#listening[Symbol.dispose]()
  }
}
