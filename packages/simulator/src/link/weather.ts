/** Cut: both sides are told, and nobody gets through. Silent: what is sent vanishes and nobody is told. */
export type Sky = 'Fair' | 'Cut' | 'Silent'

/** How it is between one device and its hub, now. */
export class Weather {
  /** One way. */
  delayMs = 20
  jitterMs = 10
  bytesPerSecond = 2_000_000
  /** Share of the messages that come late, as what was lost is sent again. */
  lossShare = 0
  #sky: Sky = 'Fair'
  readonly #listeners = new Set<(sky: Sky) => void>()

  get sky(): Sky {
    return this.#sky
  }

  set sky(sky: Sky) {
    if (sky === this.#sky) return
    this.#sky = sky
    for (const listener of this.#listeners) listener(sky)
  }

  onChange(listener: (sky: Sky) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}
